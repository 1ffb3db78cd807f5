"""The API on a real repository: the fake engine below, a real restic beside."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backups import wiring
from backups.tests.repositories import BINARIES, PASSWORD
from mcadmin.config import ResticSettings


@pytest.fixture(scope="session")
def empty_repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An empty repository of each version, to be copied: making one takes a second."""
    made = {}
    for version, binary in BINARIES.items():
        folder = tmp_path_factory.mktemp(f"empty-{version}") / "repository"
        env = {"RESTIC_REPOSITORY": str(folder), "RESTIC_PASSWORD": PASSWORD, "HOME": str(folder.parent)}
        subprocess.run([binary, "init"], env=env, check=True, capture_output=True)
        made[version] = folder
    return made


@pytest.fixture(params=["0.18"])
def vault(
    request: pytest.FixtureRequest, empty_repositories: dict[str, Path], tmp_path: Path, settings: Any
) -> Iterator[Path]:
    """The folder of a real, empty repository that the panel is configured for."""
    location = tmp_path / "repository"
    shutil.copytree(empty_repositories[request.param], location)
    section = ResticSettings(repository_path=str(location), password=PASSWORD, binary=BINARIES[request.param])
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"restic": section, "logs_dir": tmp_path / "logs"})
    wiring.reset()
    yield location
    wiring.reset()
