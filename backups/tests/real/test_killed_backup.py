"""A small version of ``make load-killed-backups``: the panel dies while restic copies."""

from pathlib import Path

import pytest

from bench import killed_backups

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]


def test_a_panel_killed_in_the_copy_leaves_saving_on_and_no_snapshot(tmp_path: Path) -> None:
    with killed_backups.slow_bed(tmp_path) as bed:
        found = killed_backups.cell(bed, "panel", "copy")
    assert (found["made"], found["torn"], found["next"], found["next_torn"]) == (0, [], "flushed", [])
