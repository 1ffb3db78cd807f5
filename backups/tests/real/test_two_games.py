"""A small version of ``make load-torn``'s form with two games that write all the time."""

from pathlib import Path

import pytest

from bench import torn_forms
from bench.torn_worlds import PASSWORD, Bed
from testing.panel import running_panel
from testing.repositories import make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]


def test_two_games_in_one_file_are_saved_whole(tmp_path: Path) -> None:
    repository = {"RESTIC__REPOSITORY_PATH": str(tmp_path / "repository"), "RESTIC__PASSWORD": PASSWORD}
    with running_panel(tmp_path, **repository) as panel, panel.client() as client:
        bed = Bed(panel, client, tmp_path, [])
        make_empty(bed.repository, password=PASSWORD)

        form = torn_forms.run(bed, "two games in one file", times=3)

    assert form.levels == {"flushed": 3}
    assert (form.torn[True], form.lacking[True]) == (0, 0)
