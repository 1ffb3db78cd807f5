"""A restore of a server's folder together with a volume: whoever dies, both are the old ones or both the new ones."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backups.restores import staging
from backups.restores.plan import Place, Plan, Present
from core.paths import FileMissing

OPERATION = "0b54cf7e-1111-4222-8333-444455556666"


@pytest.fixture
def servers(tmp_path: Path) -> Path:
    """A server's folder and a volume whose files say "old"."""
    for folder in (tmp_path / "servers/lobby", volume(tmp_path / "servers") / "_data"):
        folder.mkdir(parents=True)
        (folder / "file").write_text("old")
    return tmp_path / "servers"


def volume(servers: Path) -> Path:
    return servers.parent / "volumes/lobby_world"


def staged(servers: Path) -> Plan:
    """Stage both trees completely, and return the plan in the servers' folder."""
    plan = write(servers, Place(server_id="lobby", target="lobby", source="/then/lobby"))
    plan = plan.model_copy(update={"volume": str(volume(servers))})
    staging.note(servers, plan)
    write(volume(servers), Place(server_id="lobby", target="_data", source="/then/v/_data", data="_data"))
    return plan


def write(base: Path, place: Place) -> Plan:
    plan = staging.make(base, OPERATION, place)
    (base / plan.staged).mkdir(parents=True)
    (base / plan.staged / "file").write_text("new")
    return staging.complete(base, plan)


def texts(servers: Path) -> tuple[str, str]:
    folders = (servers / "lobby", volume(servers) / "_data")
    return folders[0].joinpath("file").read_text(), folders[1].joinpath("file").read_text()


def kept(servers: Path) -> list[str]:
    found = [*servers.glob(".removed/*/file"), *volume(servers).glob(".removed/*/file")]
    return [one.read_text() for one in found]


def no_swap(servers: Path, plan: Plan) -> None:
    del servers, plan


def swap_the_volume_alone(servers: Path, plan: Plan) -> None:
    del plan
    inner = volume(servers) / ".restoring" / OPERATION / "tree/then/v/_data"
    inner.rename(servers.parent / "new")
    (volume(servers) / "_data").rename(inner)
    (servers.parent / "new").rename(volume(servers) / "_data")


def swap_and_back(servers: Path, plan: Plan) -> None:
    staging.swap(servers, plan)
    staging.swap_back(servers, plan)


def swap_and_half_back(servers: Path, plan: Plan) -> None:
    """The folder is swapped back first."""
    staging.swap(servers, plan)
    staging.swap_back(servers, plan.model_copy(update={"volume": ""}))


DEATHS: dict[str, tuple[Callable[[Path, Plan], None], str]] = {
    "before the swap": (no_swap, "old"),
    "after that of the volume": (swap_the_volume_alone, "new"),
    "after both": (staging.swap, "new"), "after both were swapped back": (swap_and_back, "old"),
    "between the two swaps back": (swap_and_half_back, "new"),
}


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("again", [False, True])
def test_both_trees_are_of_one_kind(servers: Path, death: str, *, again: bool) -> None:
    die, expected = DEATHS[death]
    die(servers, staged(servers))

    _, present = staging.settle(servers, OPERATION)
    if again:
        staging.settle(servers, OPERATION)

    assert texts(servers) == (expected, expected)
    assert present is Present(expected)
    assert kept(servers) == (["old", "old"] if expected == "new" else [])
    assert not [*servers.glob(".restoring/*"), *volume(servers).glob(".restoring/*")]


def test_a_death_between_the_clean_up_of_the_volume_and_that_of_the_folder(servers: Path) -> None:
    """What the volume has is noted before it forgets."""
    plan = staging.point_to_volume(servers, OPERATION, server_id="lobby", volume=volume(servers))
    write(volume(servers), Place(server_id="lobby", target="_data/since", source="/v/since", data="_data"))
    staging.swap(servers, plan)
    folder = servers / ".restoring" / OPERATION
    shutil.copytree(folder, servers.parent / "as-it-was")
    _, present = staging.settle(servers, OPERATION)
    assert present is Present.NEW

    noted = plan.model_copy(update={"in_volume": Present.NEW})
    shutil.copytree(servers.parent / "as-it-was", folder)
    staging.note(servers, noted)

    assert staging.settle(servers, OPERATION)[1] is Present.NEW
    assert (volume(servers) / "_data/since/file").read_text() == "new"


def test_a_volume_that_was_removed_meanwhile_keeps_nobody_from_settling(servers: Path) -> None:
    staged(servers)
    shutil.rmtree(volume(servers))

    _, present = staging.settle(servers, OPERATION)

    assert (present, (servers / "lobby/file").read_text()) == (Present.OLD, "old")
    assert not list(servers.glob(".restoring/*"))


def test_what_was_staged_in_the_volume_is_gone_at_the_swap(servers: Path) -> None:
    plan = staged(servers)
    shutil.rmtree(volume(servers) / ".restoring")

    with pytest.raises(FileMissing):
        staging.swap(servers, plan)

    staging.settle(servers, OPERATION)
    assert texts(servers) == ("old", "old")
