"""A few of ``make load-public-files``: files as people have them, from the disk to a restored copy."""

from pathlib import Path

import pytest

from bench.public_file_table import FILES
from bench.public_files import ALLOWED, Bed
from bench.torn_worlds import PASSWORD
from testing.panel import running_panel
from testing.repositories import make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]

NAMES = ("everything from .env", "sidecar that writes", "Velocity before a game")


def test_files_as_people_have_them_are_adopted_saved_and_restored(tmp_path: Path) -> None:
    repository = {"RESTIC__REPOSITORY_PATH": str(tmp_path / "repository"), "RESTIC__PASSWORD": PASSWORD}
    make_empty(tmp_path / "repository", password=PASSWORD)
    with running_panel(tmp_path, ALLOWED_IMAGES=",".join(ALLOWED), **repository) as panel, panel.client() as client:
        bed = Bed(panel, client)
        wrong = {name: bed.run(FILES[name]).wrong(FILES[name]) for name in NAMES}

    assert not any(wrong.values()), wrong


def test_thirty_files_of_all_kinds_are_there() -> None:
    assert len(FILES) >= 30
    explained = [name for name, one in FILES.items() if one.problem or one.level != "flushed"]
    assert all(FILES[name].why for name in explained)
