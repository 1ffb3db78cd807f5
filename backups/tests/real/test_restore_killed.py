"""A restore that is killed: the world is the old one or the new one as a whole, and the safety snapshot is named.

Each step of it: ``make load-restore-kills``.
"""

from collections.abc import Iterator

import pytest

from testing.restore_deaths import Deaths, Left

pytestmark = [pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> Deaths:
    return Deaths(tmp_path_factory.mktemp("deaths"))


@pytest.fixture(scope="module")
def volume_deaths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deaths]:
    deaths = Deaths(tmp_path_factory.mktemp("volume-deaths"), in_volume=True)
    yield deaths
    deaths.close()


def swap_of(whole: Left, name: str) -> int:
    """Return the number of the step that puts a new tree under ``name``."""
    return next(number for number, step in enumerate(whole.steps, 1) if step.endswith(f" {name}"))


def test_killed_at_its_turning_points(deaths: Deaths) -> None:
    whole = deaths.die("whole", "--safety-snapshot")
    swap = swap_of(whole, "lobby")
    assert (whole.files, whole.kept, whole.state, whole.problems) == ("new", True, "succeeded", [])

    staging = deaths.die("staging", "--safety-snapshot", DIE_WHEN="restore", DIE_WHO="panel")
    before = deaths.die("before", "--safety-snapshot", DIE_AT=str(swap))
    after = deaths.die("after", "--safety-snapshot", DIE_AT=str(swap + 1))

    assert [(one.files, one.kept, one.state) for one in (staging, before, after)] == [
        ("old", False, "interrupted"), ("old", False, "interrupted"), ("new", True, "interrupted"),
    ]
    assert [one.problems for one in (staging, before, after)] == [[], [], []]
    assert all(one.safety[0] in one.error for one in (staging, before, after))


def test_restic_killed_leaves_the_old_world(deaths: Deaths) -> None:
    left = deaths.die("restic", "--safety-snapshot", DIE_WHEN="restore", DIE_WHO="restic")

    assert (left.files, left.state, left.problems) == ("old", "failed", [])
    assert "CommandError" in left.output


@pytest.mark.docker
def test_killed_between_the_swap_of_a_volume_and_of_the_folder(volume_deaths: Deaths) -> None:
    """Half of each would be neither: what is in the volume already decides."""
    whole = volume_deaths.die("whole", "--safety-snapshot")
    swap = swap_of(whole, "_data")
    assert (whole.files, whole.kept, whole.state, whole.problems) == ("new", True, "succeeded", [])

    deaths = {
        "staging": {"DIE_WHEN": "restore", "DIE_WHO": "panel"},
        "before": {"DIE_AT": str(swap)},
        "between": {"DIE_AT": str(swap + 1)},
        "after": {"DIE_AT": str(swap + 2)},
    }
    left = {name: volume_deaths.die(name, "--safety-snapshot", **death) for name, death in deaths.items()}

    assert {name: (one.files, one.kept) for name, one in left.items()} == {
        "staging": ("old", False), "before": ("old", False), "between": ("new", True), "after": ("new", True),
    }
    assert [one.problems for one in left.values()] == [[]] * 4
    assert all(one.state == "interrupted" for one in left.values())
