"""A resumable upload at every point at which it can end: nothing half done ever has the name of the file."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import AppError, InvalidRequest
from core.locks import Busy
from core.paths import FileExists, NotAFile, OutsideRoot, Root
from servers.minecraft.files.parts import Incomplete, Part, PartGone, WrongHash, WrongOffset, finish, require_offset

CONTENT = b"a world" * 300_000  # more than is hashed at a time
HASH = hashlib.sha256(CONTENT).hexdigest()
HIDDEN = ".mcadmin-one.part"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "data"
    inside.mkdir()
    return inside


@pytest.fixture
def root(folder: Path) -> Iterator[Root]:
    opened = len(os.listdir("/proc/self/fd"))
    with Root(folder) as held:
        yield held
    assert len(os.listdir("/proc/self/fd")) == opened


def part_with(root: Root, path: str, *pieces: bytes) -> Part:
    part = Part(root, path, upload_id="one")
    part.create(overwrite=True)
    for piece in pieces:
        with part.held() as file:
            file.write(piece)
    return part


@pytest.mark.parametrize("path", ["world.zip", "new/folders/world.zip"])
@pytest.mark.parametrize("sha256", ["", HASH, HASH.upper()])
def test_pieces_become_the_file(path: str, sha256: str, root: Root, folder: Path) -> None:
    part = part_with(root, path, CONTENT[:10], b"", CONTENT[10:])
    assert part.offset() == len(CONTENT)
    assert os.listdir((folder / path).parent) == [HIDDEN]

    assert finish(part, size=len(CONTENT), sha256=sha256, overwrite=False) == HASH

    assert os.listdir((folder / path).parent) == [Path(path).name]
    assert (folder / path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("size", "sha256", "error", "words", "is_kept"),
    [
        (8, "", Incomplete, "7 of 8 bytes have arrived: send the rest from offset 7 on.", True),
        (6, "", Incomplete, "7 of 6 bytes", True),
        (7, "0" * 64, WrongHash, "Begin the upload again.", False),
        (7, HASH, WrongHash, "Begin the upload again.", False),
    ],
)
def test_what_is_not_whole_gets_no_name(
    size: int, sha256: str, error: type[AppError], words: str, is_kept: bool, root: Root, folder: Path
) -> None:
    part = part_with(root, "a", b"a world")

    with pytest.raises(error, match=words):
        finish(part, size=size, sha256=sha256, overwrite=True)

    assert os.listdir(folder) == ([HIDDEN] if is_kept else [])


@pytest.mark.parametrize("offset", [0, 6, 8, -1])
def test_a_piece_that_does_not_follow_is_told_where_to_go_on(offset: int, root: Root) -> None:
    with part_with(root, "a", b"a world").held() as file:
        require_offset(file, 7)
        with pytest.raises(WrongOffset, match="send from offset 7 on"):
            require_offset(file, offset)


def test_a_taken_name_is_refused_before_anything_is_sent(root: Root, folder: Path) -> None:
    (folder / "a").write_bytes(b"old")

    with pytest.raises(FileExists, match="a exists already"):
        Part(root, "a", upload_id="one").create(overwrite=False)

    assert os.listdir(folder) == ["a"]
    Part(root, "a", upload_id="one").create(overwrite=True)
    assert sorted(os.listdir(folder)) == [HIDDEN, "a"]
    assert (folder / "a").read_bytes() == b"old"


def test_a_name_taken_meanwhile_is_kept_and_so_is_what_arrived(root: Root, folder: Path) -> None:
    part = part_with(root, "a", b"new")
    (folder / "a").write_bytes(b"by the game")
    (folder / "a").chmod(0o4640)

    with pytest.raises(FileExists, match="Finish with overwrite"):
        finish(part, size=3, sha256="", overwrite=False)
    assert ((folder / "a").read_bytes(), part.offset()) == (b"by the game", 3)

    finish(part, size=3, sha256="", overwrite=True)
    assert (folder / "a").read_bytes() == b"new"
    assert (folder / "a").stat().st_mode & 0o7777 == 0o640


def _directory(folder: Path) -> None:
    (folder / "a").mkdir()


def _link(folder: Path) -> None:
    (folder.parent / "canary").write_bytes(b"canary")
    (folder / "a").symlink_to("../canary")


@pytest.mark.parametrize(("put", "error"), [(_directory, NotAFile), (_link, OutsideRoot)])
def test_nothing_but_a_file_is_written_over(
    put: Callable[[Path], None], error: type[AppError], root: Root, folder: Path
) -> None:
    part = part_with(root, "a", b"new")
    put(folder)

    with pytest.raises(error):
        finish(part, size=3, sha256="", overwrite=True)

    assert part.offset() == 3
    assert not (folder.parent / "canary").exists() or (folder.parent / "canary").read_bytes() == b"canary"


USES: list[Callable[[Part], object]] = [
    Part.offset, Part.give_up, lambda part: finish(part, size=3, sha256="", overwrite=True),
]


@pytest.mark.parametrize("use", USES, ids=["offset", "give up", "finish"])
@pytest.mark.parametrize("path", ["a", "folder/a"])
def test_a_part_that_is_gone_is_told_as_that(use: Callable[[Part], object], path: str, root: Root,
                                             folder: Path) -> None:
    part = part_with(root, path, b"new")
    (folder / path).with_name(HIDDEN).unlink()

    with pytest.raises(PartGone, match="Begin the upload again"):
        use(part)

    assert not (folder / path).exists()


@pytest.mark.parametrize("use", USES[1:], ids=["give up", "finish"])
def test_two_requests_never_hold_one_part(use: Callable[[Part], object], root: Root, folder: Path) -> None:
    part = part_with(root, "a", b"new")
    with part.held(), pytest.raises(Busy, match="Another request is sending"):
        use(part)
    assert os.listdir(folder) == [HIDDEN]

    with (folder / HIDDEN).open("rb") as file:  # the lock is free again
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    part.give_up()
    assert os.listdir(folder) == []


@pytest.mark.parametrize("target", ["../canary", "inside"])
def test_a_part_replaced_by_a_link_is_not_followed(target: str, root: Root, folder: Path) -> None:
    part = part_with(root, "a", b"new")
    (folder / target).write_bytes(b"canary")
    (folder / HIDDEN).unlink()
    (folder / HIDDEN).symlink_to(target)

    with pytest.raises(OutsideRoot), part.held() as file:
        file.write(b"changed")
    with pytest.raises(OutsideRoot):
        part.offset()

    assert (folder / target).read_bytes() == b"canary"


def test_a_file_in_the_way_of_its_folder(root: Root, folder: Path) -> None:
    (folder / "mods").write_bytes(b"")

    with pytest.raises(InvalidRequest):
        Part(root, "mods/a", upload_id="one").create(overwrite=True)

    assert os.listdir(folder) == ["mods"]
