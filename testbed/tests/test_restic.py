import json
import os
from pathlib import Path

import pytest

from testbed.tests.support import TOOLS, run

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
