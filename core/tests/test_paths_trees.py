import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core import paths
from core.errors import AppError, Conflict, InvalidRequest
from core.paths import FileExists, FileMissing, OutsideRoot, Root

CANARY = b"canary"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server's directory ``a`` with a sibling ``ab`` and links to it."""
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "canary").write_bytes(CANARY)
    inside = tmp_path / "a"
    (inside / "sub" / "deep").mkdir(parents=True)
    (inside / "file").write_bytes(b"content")
    (inside / "sub" / "deep" / "file").write_bytes(b"below")
    (inside / "sub" / "to-sibling").symlink_to("../../ab")
    (inside / "to-sub").symlink_to("sub")
    (inside / "dangling").symlink_to("nowhere")
    return inside


@pytest.fixture
def root(folder: Path) -> Iterator[Root]:
    with Root(folder) as held:
        yield held
        for name in ("d", "d" * 200):  # what is nested here is too deep for whoever cleans up after us
            with suppress(FileMissing):
                paths.delete(held, name)
    assert (folder.parent / "ab" / "canary").read_bytes() == CANARY


def test_a_move_never_replaces_unless_told(root: Root, folder: Path) -> None:
    (folder / "other").write_bytes(b"other")

    with pytest.raises(FileExists):
        paths.move(root, "file", "other")
    paths.move(root, "file", "other", over=True)

    assert (folder / "other").read_bytes() == b"content"


def test_a_move_takes_the_link_and_not_its_target(root: Root, folder: Path) -> None:
    paths.move(root, "sub/to-sibling", "moved")

    assert (folder / "moved").is_symlink()


def test_a_directory_does_not_move_into_itself(root: Root) -> None:
    with pytest.raises(InvalidRequest, match="into itself"):
        paths.move(root, "sub", "sub/deep/sub")


def test_two_directories_swap_in_one_step(root: Root, folder: Path) -> None:
    (folder / "new").mkdir()

    paths.exchange(root, "sub", "new")

    assert (folder / "new" / "deep" / "file").read_bytes() == b"below"
    assert list((folder / "sub").iterdir()) == []


def test_between_two_roots_a_move_is_still_one_step(root: Root, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    with Root(tmp_path / "staging") as staging:
        paths.move(root, "sub", "world", target_root=staging)

    assert (tmp_path / "staging" / "world" / "deep" / "file").read_bytes() == b"below"


def test_deleting_takes_links_and_leaves_their_targets(root: Root, folder: Path) -> None:
    names: list[str] = []

    paths.delete(root, "to-sub")
    paths.delete(root, "sub", on_deleted=names.append)

    assert sorted(names) == ["deep", "file", "sub", "to-sibling"]
    assert sorted(os.listdir(folder)) == ["dangling", "file"]


def test_the_root_itself_is_not_deleted(root: Root) -> None:
    for path in ("", ".", "./"):
        with pytest.raises(InvalidRequest):
            paths.delete(root, path)


def test_what_is_not_there_is_not_deleted(root: Root) -> None:
    with pytest.raises(FileMissing):
        paths.delete(root, "nothing")


def test_depth_costs_no_descriptors(root: Root, folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)

    paths.delete(root, "d")

    assert not (folder / "d").exists()
    assert [name for name in os.listdir(folder) if name.startswith(".mcadmin")] == []


def test_a_copy_keeps_owner_mode_times_and_links(root: Root, folder: Path) -> None:
    (folder / "sub" / "deep" / "file").chmod(0o640)
    os.utime(folder / "sub" / "deep" / "file", ns=(1, 10**18))
    os.mkfifo(folder / "sub" / "pipe")

    left_out = paths.copy(root, "sub", "copy")

    copied = (folder / "copy" / "deep" / "file").stat()
    assert (stat.S_IMODE(copied.st_mode), copied.st_mtime_ns, left_out) == (0o640, 10**18, 1)
    assert (folder / "copy" / "to-sibling").readlink() == Path("../../ab")
    assert (folder / "copy" / "deep" / "file").read_bytes() == b"below"


def test_a_copy_into_itself_is_refused_and_leaves_nothing(root: Root, folder: Path) -> None:
    with pytest.raises(InvalidRequest, match="into itself"):
        paths.copy(root, "sub", "sub/deep/copy")

    assert os.listdir(folder / "sub" / "deep") == ["file"]


def test_a_stopped_copy_leaves_nothing(root: Root, folder: Path) -> None:
    def stop(_: int) -> None:
        raise Conflict("stopped")

    with pytest.raises(Conflict):
        paths.copy(root, "sub", "copy", on_bytes=stop)

    assert not (folder / "copy").exists()


def test_a_walk_meets_everything_and_follows_nothing(root: Root) -> None:
    assert [node.path for node in paths.walk(root)] == [
        "dangling", "file", "sub", "sub/deep", "sub/deep/file", "sub/to-sibling", "to-sub",
    ]
    assert paths.count_entries(root, "sub", at_most=100) == 4
    assert paths.count_entries(root, "sub", at_most=2) == 2


def test_a_proven_path_has_no_link_in_it(root: Root) -> None:
    assert root.stat("sub/deep/file", follow=False) is not None
    assert root.stat("sub/nothing", follow=False) is None
    for path in ("to-sub", "to-sub/deep/file", "dangling", "sub/to-sibling/canary"):
        with pytest.raises(OutsideRoot):
            root.stat(path, follow=False)


def test_a_subdirectory_is_a_root_that_keeps_inside_itself(root: Root) -> None:
    with root.subdirectory("sub") as below:
        assert below.read_bytes("deep/file", max_bytes=10) == b"below"
        with pytest.raises(AppError):
            below.read_bytes("to-sibling/canary", max_bytes=10)
    with pytest.raises(OutsideRoot):
        root.subdirectory("to-sub", follow=False)


def test_a_dangling_link_is_not_written_through(root: Root, folder: Path) -> None:
    with pytest.raises(OutsideRoot):
        root.write_bytes("dangling", b"new")

    assert not (folder / "nowhere").exists()


def test_writing_through_a_link_that_stays_inside_keeps_the_link(root: Root, folder: Path) -> None:
    (folder / "to-file").symlink_to("sub/deep/file")

    root.write_bytes("to-file", b"new")

    assert (folder / "to-file").is_symlink()
    assert (folder / "sub" / "deep" / "file").read_bytes() == b"new"


@pytest.fixture(params=["unnamed", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of making a file: without a name, and where the file system has no O_TMPFILE."""
    if request.param == "named":
        plain = os.open

        def without(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
            return plain(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", without)
    return str(request.param)


def test_a_new_file_is_seen_whole_or_not_at_all(way: str, root: Root, folder: Path) -> None:
    before = sorted(os.listdir(folder))
    with root.new_file("") as file:
        file.write(b"half")
        assert ("named" in way and "unnamed" not in way) == (sorted(os.listdir(folder)) != before)
    assert sorted(os.listdir(folder)) == before

    with root.new_file("") as file:
        file.write(b"whole")
        file.commit("new", over=False)
    with root.new_file("") as file, pytest.raises(FileExistsError):
        file.commit("new", over=False)
    with root.new_file("") as file:
        file.write(b"other")
        file.commit("new", over=True)

    assert (folder / "new").read_bytes() == b"other"
    assert sorted(os.listdir(folder)) == sorted([*before, "new"])


def test_new_things_get_the_owner_of_the_root(folder: Path) -> None:
    owner = (1234, 4321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())  # only root may give files away
    os.chown(folder, *owner)
    with Root(folder) as root:
        root.make_directories("x/y")
        root.write_bytes("x/y/file", b"")

    for path in ("x", "x/y", "x/y/file"):
        assert ((folder / path).stat().st_uid, (folder / path).stat().st_gid) == owner


def test_new_things_get_the_owner_of_the_folder_below_that_is_held(folder: Path) -> None:
    """A server's folder may be root's, and its data the game's."""
    mine = (os.geteuid(), os.getegid())
    (folder / "a").mkdir()
    (folder / "a/b").mkdir()
    other = (1234, 4321) if os.geteuid() == 0 else mine
    os.chown(folder / "a/b", *other)
    with Root(folder) as root, root.own_subdirectory("a/b") as own, root.subdirectory("a/b") as same:
        own.make_directories("x/y")
        own.write_bytes("x/y/file", b"")
        same.write_bytes("of the root", b"")

    owners = {path: ((folder / "a/b" / path).stat().st_uid, (folder / "a/b" / path).stat().st_gid)
              for path in ("x", "x/y", "x/y/file", "of the root")}
    assert owners == {"x": other, "x/y": other, "x/y/file": other, "of the root": mine}


@pytest.mark.parametrize(
    ("text", "path"), [("/", ""), ("", ""), ("/world/", "world"), ("//etc/passwd", "etc/passwd"), ("a/./b", "a/b")]
)
def test_paths_as_clients_write_them(text: str, path: str) -> None:
    assert paths.path_of(text) == path


@pytest.mark.parametrize("text", ["..", "/..", "a/../b", "a\\b", "a\0b", "\udcff"])
def test_paths_that_are_never_clamped(text: str) -> None:
    with pytest.raises(InvalidRequest):
        paths.path_of(text)


def test_raw_paths_name_any_bytes(root: Root, folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9")).write_bytes(b"raw")

    assert root.read_bytes(paths.raw_path_of("L2NhZuk="), max_bytes=10) == b"raw"
    for text in ("!", "Li4=", "YQBi"):
        with pytest.raises(InvalidRequest):
            paths.raw_path_of(text)


def test_what_the_owner_cannot_write_is_named(folder: Path) -> None:
    owner = 1000 if os.geteuid() == 0 else os.geteuid()
    (folder / "sub" / "deep" / "closed").write_bytes(b"")
    (folder / "sub" / "readonly").mkdir()
    for path in (folder, *(one for one in folder.rglob("*") if not one.is_symlink())):
        os.chown(path, owner, -1)
    (folder / "sub" / "deep" / "closed").chmod(0o444)
    (folder / "sub" / "readonly").chmod(0o555)

    with Root(folder) as root:
        assert paths.unwritable(root, at_most=5) == ["sub/deep/closed", "sub/readonly"]
        assert paths.unwritable(root, at_most=1) == ["sub/deep/closed"]


def test_a_file_where_a_directory_should_be_is_explained(root: Root) -> None:
    for source, target in (("file/x/y", "new"), ("file", "file/x/y")):
        with pytest.raises(FileMissing):
            paths.copy(root, source, target)
        with pytest.raises(FileMissing):
            paths.move(root, source, target)


def nest(folder: Path, name: str, levels: int) -> None:
    """Make ``levels`` folders called ``name`` in one another, with a file in the last."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("levels", [130, 1_000, 1_500])
def test_a_walk_of_any_depth_costs_few_descriptors(root: Root, folder: Path, levels: int) -> None:
    nest(folder, "d", levels)
    before, most, deepest = open_descriptors(), 0, ""

    for node in paths.walk(root):
        most = max(most, open_descriptors())
        deepest = max(deepest, node.path, key=len)

    assert deepest == "/".join(["d"] * levels + ["file"])
    assert most - before < 40
    assert open_descriptors() == before
    paths.delete(root, "d")


def test_what_no_path_can_name_is_told_and_the_rest_is_seen(root: Root, folder: Path) -> None:
    nest(folder, "d" * 200, 100)
    problems: list[AppError] = []

    met = [node.path for node in paths.walk(root, unreadable=problems.append)]

    assert [type(one) for one in problems] == [paths.TooDeep]
    assert "to-sub" in met  # it comes after
    with pytest.raises(paths.TooDeep):
        list(paths.walk(root))


@pytest.mark.parametrize("work", ["size", "copy", "count", "delete"])
def test_depth_stops_no_work(root: Root, folder: Path, work: str) -> None:
    nest(folder, "d" * 200, 1_200)
    before = open_descriptors()

    if work == "size":
        assert paths.tree_size_bytes(root) > 0
    elif work == "copy":
        paths.copy(root, "d" * 200, "copy")
        paths.delete(root, "copy")
    elif work == "count":
        assert paths.count_entries(root, "d" * 200, at_most=100_000) == 21
    paths.delete(root, "d" * 200)

    assert open_descriptors() == before
    assert not (folder / ("d" * 200)).exists()


def test_a_folder_that_moves_while_we_are_in_it_leads_nowhere(root: Root, folder: Path) -> None:
    """Far enough down that the way back is ``..``: it must lead where we came from, or nowhere."""
    nest(folder, "d", 100)
    problems: list[AppError] = []

    for node in paths.walk(root, unreadable=problems.append):
        assert "canary" not in node.path
        if node.path.endswith("d/file"):
            os.rename(folder / "/".join("d" * 20), folder.parent / "ab" / "moved")

    assert [one.code for one in problems] == ["path_busy"]


def test_holes_of_a_file_are_no_room_that_it_takes(root: Root, folder: Path) -> None:
    with (folder / "sparse").open("wb") as file:
        file.truncate(8 * 1024**4)

    assert paths.tree_size_bytes(root) < 1024**2


def test_what_cannot_be_carried_over_is_told_and_stops_nothing(root: Root, folder: Path, tmp_path: Path) -> None:
    nest(folder, "d" * 200, 100)
    (tmp_path / "new").mkdir()

    with Root(tmp_path / "new") as target:
        carried = paths.copy_missing(root, target, wanted=lambda _: True)

    assert (tmp_path / "new/sub/deep/file").read_bytes() == b"below"
    assert carried.problems
    assert "too deep" in carried.problems[0]
