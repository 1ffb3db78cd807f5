import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import AppError, InvalidRequest, TooLarge
from core.paths import FileMissing, OutsideRoot, Root, explained

CANARY = b"canary"
pytestmark = pytest.mark.usefixtures("way")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server's directory ``a`` with a sibling ``ab`` and a canary outside."""
    (tmp_path / "canary").write_bytes(CANARY)
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "canary").write_bytes(CANARY)
    inside = tmp_path / "a"
    (inside / "sub").mkdir(parents=True)
    (inside / "file").write_bytes(b"content")
    (inside / "sub" / "file").write_bytes(b"below")
    (inside / "to-file").symlink_to("sub/file")
    (inside / "sub" / "up").symlink_to("../file")
    (inside / "to-canary").symlink_to("../canary")
    (inside / "to-sibling").symlink_to("../ab")
    (inside / "to-etc").symlink_to("/etc")
    (inside / "dangling").symlink_to("nowhere")
    (inside / "loop").symlink_to("loop")
    # Taken for one below the root, each of these would lead to a file that is there.
    (inside / "absolute").symlink_to("/sub/file")
    (inside / "above").symlink_to("../file")
    (inside / "sub" / "above").symlink_to("../../file")
    return inside


@pytest.fixture
def root(folder: Path) -> Iterator[Root]:
    with Root(folder) as held:
        yield held


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("file", b"content"), ("sub/file", b"below"), ("./sub//file", b"below"),
        ("to-file", b"below"), ("sub/up", b"content"),
    ],
)
def test_what_stays_inside_is_read(root: Root, path: str, content: bytes) -> None:
    assert root.read_bytes(path, max_bytes=100) == content


@pytest.mark.parametrize(
    "path",
    [
        "..", "../canary", "sub/../../canary", "/etc/passwd", "a\0b", "sub\\..\\..\\canary", "to-canary",
        "to-sibling/canary", "to-etc/passwd", "dangling", "loop", "nothing", "file/below", "sub", "absolute", "above",
        "sub/above",
    ],
)
def test_what_leads_out_or_nowhere_is_an_error(root: Root, path: str) -> None:
    with pytest.raises(AppError):
        root.read_bytes(path, max_bytes=100)


@pytest.mark.parametrize("path", ["../canary", "to-canary", "to-sibling/canary", "to-etc/new", "/tmp/new"])
def test_writing_leaves_the_outside_unchanged(root: Root, folder: Path, path: str) -> None:
    with pytest.raises((OutsideRoot, FileMissing)):
        root.write_bytes(path, b"changed")

    assert (folder.parent / "canary").read_bytes() == CANARY
    assert (folder.parent / "ab" / "canary").read_bytes() == CANARY


def test_a_missing_file_has_no_stat(root: Root) -> None:
    assert root.stat("nothing") is None


def test_a_fifo_is_refused_without_waiting(root: Root, folder: Path) -> None:
    os.mkfifo(folder / "pipe")

    with pytest.raises(InvalidRequest, match="not a regular file"):
        root.read_bytes("pipe", max_bytes=100)


def test_more_than_allowed_is_too_large(root: Root) -> None:
    with pytest.raises(TooLarge):
        root.read_bytes("file", max_bytes=3)


def test_replacing_keeps_the_mode_and_leaves_nothing_behind(root: Root, folder: Path) -> None:
    (folder / "file").chmod(0o640)
    before = sorted(os.listdir(folder))

    root.write_bytes("file", b"new")

    assert (folder / "file").read_bytes() == b"new"
    assert stat.S_IMODE((folder / "file").stat().st_mode) == 0o640
    assert sorted(os.listdir(folder)) == before


def test_a_new_file_gets_the_mode_asked_for(root: Root, folder: Path) -> None:
    root.write_bytes("sub/new", b"x", mode=0o600)

    assert stat.S_IMODE((folder / "sub" / "new").stat().st_mode) == 0o600


def test_descriptors_are_given_back(root: Root) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for path in ("file", "to-file", "to-canary", "sub", "nothing"):
        try:
            root.read_bytes(path, max_bytes=100)
        except AppError:
            continue

    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("number", "path", "sentence"),
    [
        (errno.EROFS, "world/x", "The disk with world/x is read-only. Check how it is mounted."),
        (errno.EACCES, "", "The operating system does not let MC Admin use the directory. Check its owner and mode."),
        (errno.ENOENT, "", "The directory does not exist."),
        *(
            (number, "x", "The disk does not give x: look into the system's log, and whether the disk is there.")
            for number in (errno.EIO, errno.ENOTCONN, errno.EUCLEAN, errno.ENOKEY, errno.EHOSTDOWN)
        ),
    ],
)
def test_the_systems_numbers_become_sentences(number: int, path: str, sentence: str) -> None:
    with pytest.raises(AppError) as error, explained(path):
        raise OSError(number, "")
    assert str(error.value) == sentence
