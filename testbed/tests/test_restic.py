import json
import os
import subprocess
from pathlib import Path

import pytest

from testbed.tests.support import TOOLS, run
from testing.repositories import BINARIES, make_empty

pytestmark = pytest.mark.restic


@pytest.mark.parametrize(("name", "version"), [("restic", "0.18."), ("restic-0.14", "0.14.")])
def test_both_versions_back_up_and_restore(name: str, version: str, tmp_path: Path) -> None:
    def restic(*words: str | Path) -> str:
        repository = str(tmp_path / "repo")
        settings = {"RESTIC_REPOSITORY": repository, "RESTIC_PASSWORD": "x", "HOME": str(tmp_path)}
        return run(TOOLS / "bin" / name, *words, env=dict(os.environ) | settings)

    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "level.dat").write_text("level")

    assert restic("version").startswith(f"restic {version}")
    restic("init")
    restic("backup", tmp_path / "world")
    (snapshot,) = json.loads(restic("snapshots", "--json"))
    restic("restore", snapshot["id"], "--target", tmp_path / "out")

    assert (tmp_path / "out" / str(tmp_path).lstrip("/") / "world" / "level.dat").read_text() == "level"


@pytest.mark.parametrize("version", BINARIES)
@pytest.mark.parametrize("password", ["correct horse", "grün ✓"])
def test_a_repository_of_tests_is_one_of_restic_s_own(version: str, password: str, tmp_path: Path) -> None:
    def restic(*words: str | Path, password: str = password) -> subprocess.CompletedProcess[str]:
        settings = {"RESTIC_REPOSITORY": str(tmp_path / "repo"), "RESTIC_PASSWORD": password, "HOME": str(tmp_path)}
        return subprocess.run([BINARIES[version], *words], env=settings, capture_output=True, text=True, check=False)

    make_empty(tmp_path / "repo", version=version, password=password)
    saved = restic("backup", __file__)
    checked = restic("check", "--read-data")
    keys = json.loads(restic("key", "list", "--json").stdout)
    stranger = restic("snapshots", password=f"{password} ")

    assert (saved.returncode, checked.returncode) == (0, 0), (saved.stderr, checked.stderr)
    assert len(keys) == 1
    assert "wrong password" in stranger.stderr
