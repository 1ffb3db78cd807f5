"""A few requests for every operation, made out of our OpenAPI document. Many: ``make load-fuzz``."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.contract import document
from testing.fuzzing import fuzz
from testing.panel import Panel, running_panel

pytestmark = [
    pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.long, pytest.mark.timeout(240),
]


@pytest.fixture
def server() -> Iterator[str]:
    name = f"fuzz-{uuid.uuid4().hex[:8]}"
    yield name
    subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    settings = {"RESTIC__REPOSITORY_PATH": str(tmp_path / "repository"), "RESTIC__PASSWORD": "r3stic-of-the-fuzzing"}
    with running_panel(tmp_path, **settings) as one:
        one.manage("snapshot", "init")
        yield one


def test_every_answer_is_as_the_document_says_and_none_is_5xx(panel: Panel, server: str) -> None:
    with panel.client() as client:
        wanted = {"id": server, "accept_eula": True, "type": "PAPER", "version": "1.16.1"}
        client.post("/servers", json=wanted).raise_for_status()
        made = client.post("/snapshots", json={}).raise_for_status().json()

    done = fuzz(
        panel, "--phases", "fuzzing", "--max-examples", "1", "--seed", "20261125", "--workers", "2",
        servers=[server], snapshots=[made["snapshot"]["short_id"]], operations=[str(uuid.uuid4())],
    )

    assert done.exit_code == 0, done.told
    assert done.tracebacks == []
    assert done.count(500, 599) == done.statuses["POST /api/servers/{id}/operations"][503]  # a pull, without a registry
    operations = sum(len(path) for path in document()["paths"].values())
    assert done.operations == operations, "Some operation was not asked at all."
    assert done.count(200, 299) > operations / 3, "Nearly everything was refused: what was proved?"
