"""What the tests of audit share: a log file of their own, and settings that can be varied."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from audit import recorder

SetAudit = Callable[..., None]
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def log_file(settings: LazySettings, tmp_path: Path) -> Iterator[Path]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"logs_dir": tmp_path / "logs"})
    recorder._master_reads.take()
    yield tmp_path / "logs" / "operations.log"
    recorder.flush()


@pytest.fixture
def lines(log_file: Path) -> Lines:
    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in log_file.read_bytes().split(b"\n") if line] if log_file.exists() else []

    return read


@pytest.fixture
def set_audit(settings: LazySettings) -> SetAudit:
    def change(**fields: Any) -> None:
        audit = settings.MC_ADMIN.audit.model_copy(update=fields)
        settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"audit": audit})

    return change
