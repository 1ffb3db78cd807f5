"""What a container sees by now: read from the kernel's own files, and never from another process's."""

import dataclasses
from pathlib import Path, PurePosixPath

import pytest

from servers.docker.container import Container, Mount, parse_container
from servers.docker.seen_places import began_at_s, has_open, lies_around, mounted_places
from testing.fake_docker import FakeContainer

MOUNTS = """22 1 254:0 / / rw shared:1 - ext4 /dev/vda rw
97 22 254:0 /srv/games/.restoring/0b54/tree/srv/a\\040b /data rw,relatime - ext4 /dev/vda rw
"""


def container(pid: int = 7) -> Container:
    one = FakeContainer("mc-a", "x", {}, state="running", pid=pid)
    return dataclasses.replace(parse_container(one.inspect()), pid=pid)


def process(proc: Path, *, cgroup: str, mounts: str | None = MOUNTS, stat: str = "") -> Path:
    (proc / "7").mkdir(parents=True)
    (proc / "7/cgroup").write_text(cgroup)
    if mounts is not None:
        (proc / "7/mountinfo").write_text(mounts)
    (proc / "7/stat").write_text(stat)
    return proc


def test_a_folder_that_was_renamed_is_told_where_it_lies_now(tmp_path: Path) -> None:
    one = container()
    places = mounted_places(one, proc=process(tmp_path, cgroup=f"0::/docker/{one.id}\n"))
    assert places is not None
    assert [place.root for place in places][1] == PurePosixPath("/srv/games/.restoring/0b54/tree/srv/a b")


@pytest.mark.parametrize(
    ("pid", "cgroup", "mounts"),
    [(7, "0::/user.slice\n", MOUNTS), (7, "0::/docker/{}\n", None), (8, "0::/docker/{}\n", MOUNTS), (0, "", MOUNTS)],
)
def test_what_cannot_be_seen_is_not_guessed(tmp_path: Path, pid: int, cgroup: str, mounts: str | None) -> None:
    """The panel may run in a container, where the number is another process's, or nobody's."""
    one = container(pid)
    assert mounted_places(one, proc=process(tmp_path, cgroup=cgroup.format(one.id), mounts=mounts)) is None


def test_when_a_process_began_is_told_whatever_it_is_called(tmp_path: Path) -> None:
    words = [str(number) for number in range(4, 53)]
    words[22 - 4] = "4200"
    proc = process(tmp_path, cgroup="", stat=f"7 (a) S (b) S {' '.join(words)}")
    assert began_at_s(container(), proc=proc) == 42
    assert began_at_s(container(8), proc=proc) is None
    assert began_at_s(container(), proc=process(tmp_path / "other", cgroup="", stat="7 (a")) is None


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([], False),
        (["/data/world/level.dat", "/usr/lib/jvm"], True),
        (["/data/world"], True),
        (["/data/world/level.dat", "/"], False),  # the root: a file of the tree that was moved away
        (["/data/worlds/level.dat", "/srv/a/data/world/level.dat"], False),
    ],
)
def test_files_that_were_opened_since_are_told_by_their_names(
    tmp_path: Path, links: list[str], *, expected: bool
) -> None:
    mount = Mount(kind="bind", source="/srv/a/data", target="/data", name="", is_writable=True)
    one = dataclasses.replace(container(), mounts=(mount,))
    folder = process(tmp_path, cgroup=f"0::/docker/{one.id}\n") / "7/fd"
    folder.mkdir()
    for number, link in enumerate(links):
        (folder / str(number)).symlink_to(link)
    (tmp_path / "8/fd").mkdir(parents=True)  # another's
    (tmp_path / "8/cgroup").write_text("0::/user.slice\n")
    (tmp_path / "8/fd/3").symlink_to("/data/world/region")
    assert has_open(one, [Path("/srv/a/data/world")], proc=tmp_path) is expected


@pytest.mark.parametrize(
    ("source", "expected"), [("/srv/a/data", True), ("/srv/a/data/world", False), ("/srv/a/dat", False), ("", False)]
)
def test_a_mount_lies_around_what_is_in_it(source: str, expected: bool) -> None:
    assert lies_around(source, Path("/srv/a/data/world")) is expected
