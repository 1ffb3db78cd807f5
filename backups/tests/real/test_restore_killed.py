"""A restore that is killed: the world is the old one or the new one as a whole, and the safety snapshot is named.

Each step of it: ``make load-restore-kills``.
"""

import pytest

from backups.tests.real.restore_deaths import Deaths

pytestmark = [pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> Deaths:
    return Deaths(tmp_path_factory.mktemp("deaths"))


def test_killed_at_its_turning_points(deaths: Deaths) -> None:
    whole = deaths.die("whole", "--safety-snapshot")
    swap = next(number for number, step in enumerate(whole.steps, 1) if step.endswith(" lobby"))
    assert (whole.files, whole.kept, whole.state, whole.problems) == ("new", True, "succeeded", [])

    staging = deaths.die("staging", "--safety-snapshot", DIE_WHEN="restore", DIE_WHO="panel")
    before = deaths.die("before", "--safety-snapshot", DIE_AT=str(swap))
    after = deaths.die("after", "--safety-snapshot", DIE_AT=str(swap + 1))

    assert [(one.files, one.kept, one.state) for one in (staging, before, after)] == [
        ("old", False, "interrupted"), ("old", False, "interrupted"), ("new", True, "interrupted"),
    ]  # fmt: skip
    assert [one.problems for one in (staging, before, after)] == [[], [], []]
    assert all(one.safety[0] in one.error for one in (staging, before, after))


def test_restic_killed_leaves_the_old_world(deaths: Deaths) -> None:
    left = deaths.die("restic", "--safety-snapshot", DIE_WHEN="restore", DIE_WHO="restic")

    assert (left.files, left.state, left.problems) == ("old", "failed", [])
    assert "CommandError" in left.output
