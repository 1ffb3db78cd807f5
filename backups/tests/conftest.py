from pathlib import Path

import pytest

from backups.tests.repositories import BINARIES, Repository, make_repository


@pytest.fixture(
    params=[
        pytest.param((kind, version), id=f"{kind}-{version}", marks=marks)
        for kind, marks in (("fake", []), ("real", [pytest.mark.restic]))
        for version in BINARIES
    ]
)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    """A place for a repository behind the fake and each real binary; nothing is made there yet."""
    kind, version = request.param
    return make_repository(kind, version, tmp_path)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder of three files, one of which has the ending .tmp."""
    folder = tmp_path / "world"
    (folder / "region").mkdir(parents=True)
    (folder / "level.dat").write_bytes(b"level")
    (folder / "region/r.0.0.mca").write_bytes(b"region" * 100)
    (folder / "region/half.tmp").write_bytes(b"half")
    return folder
