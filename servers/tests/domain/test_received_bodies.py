"""Multipart bodies as browsers, scripts and strangers send them, cut at any byte."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import AppError, DiskFull, Forbidden, InvalidRequest, TooLarge
from core.paths import FileExists, OutsideRoot, Root
from servers.minecraft.files.receiving import MultipartUpload, require_room

TYPE = "multipart/form-data; boundary=cut"
END = b"--cut--\r\n"


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


def part(content: bytes, *, name: bytes = b"file", filename: bytes | None = b"a.txt") -> bytes:
    named = b"" if filename is None else b'; filename="' + filename + b'"'
    return b'--cut\r\nContent-Disposition: form-data; name="' + name + b'"' + named + b"\r\n\r\n" + content + b"\r\n"


def receive(
    root: Root, body: bytes, *, directory: str = "", content_type: str = TYPE, overwrite: bool = False,
    max_bytes: int = 100, step: int = 0, check: Callable[[str], None] = lambda _: None,
) -> MultipartUpload:
    upload = MultipartUpload(
        root, directory, content_type=content_type, overwrite=overwrite, max_bytes=max_bytes, check=check
    )
    step = step or len(body) or 1
    try:
        for start in range(0, len(body), step):
            upload.feed(body[start : start + step])
        upload.finish()
    finally:
        upload.close()
        upload.close()
    return upload


@pytest.mark.parametrize("step", [0, 1, 2, 7])
@pytest.mark.parametrize(
    ("filename", "written"),
    [(b"a.txt", "a.txt"), ("世界 ü.zip".encode(), "世界 ü.zip"), (b"", "unnamed_file"), (None, "unnamed_file")],
)
@pytest.mark.parametrize("content", [b"", b"x", b"\r\n--cu\r\n\0\xff", b"y" * 100])
def test_a_file_arrives_byte_for_byte(
    step: int, filename: bytes | None, written: str, content: bytes, root: Root, folder: Path
) -> None:
    other = part(b"7", name=b"other", filename=None)
    body = other + part(content, filename=filename) + other + b"--cut\r\n\r\nno header\r\n" + END

    upload = receive(root, body, directory="new/folder", step=step)

    assert (upload.path, upload.received_bytes) == (f"new/folder/{written}", len(content))
    assert {found.name: found.read_bytes() for found in (folder / "new/folder").iterdir()} == {written: content}


@pytest.mark.parametrize("length", range(0, len(part(b"content") + END) - 3, 5))
def test_a_body_that_ends_anywhere_leaves_nothing(length: int, root: Root, folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"old")
    body = part(b"content") + END

    with pytest.raises(InvalidRequest, match=r"no file in the body|ended in the middle"):
        receive(root, body[:length], overwrite=True)

    assert os.listdir(folder) == ["a.txt"]
    assert (folder / "a.txt").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b"", InvalidRequest, "no file in the body"),
        (part(b"x", name=b"files") + END, InvalidRequest, "send one in the field `file`"),
        (part(b"x") + part(b"y", filename=b"b.txt") + END, InvalidRequest, "Send one file in a request"),
        (b"no boundary at all", InvalidRequest, "body is broken"),
        (part(b"x" * 101) + END, TooLarge, "at most 100 bytes"),
        (part(b"z" * 65_537, name=b"other") + END, InvalidRequest, "too much beside"),
        (part(b"x", filename=b"..") + END, InvalidRequest, "A name is not empty"),
        (part(b"x", filename=b"../up.txt") + END, InvalidRequest, "A name is not empty"),
        (part(b"x", filename=b"nul\0.txt") + END, InvalidRequest, "A name is not empty"),
        (part(b"x", filename=b"caf\xe9.txt") + END, InvalidRequest, "caf.*is not UTF-8"),
    ],
)
def test_what_is_refused_leaves_nothing(
    body: bytes, error: type[AppError], words: str, root: Root, folder: Path
) -> None:
    with pytest.raises(error, match=words):
        receive(root, body)

    assert os.listdir(folder) == []
    assert os.listdir(folder.parent) == ["data"]


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=cut"],
)
def test_a_body_of_another_kind_is_refused_before_it_is_read(content_type: str, root: Root) -> None:
    with pytest.raises(InvalidRequest, match="multipart"):
        receive(root, part(b"x") + END, content_type=content_type)


def test_a_taken_name_is_refused_before_the_content_is_sent(root: Root, folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"old")
    upload = MultipartUpload(root, "", content_type=TYPE, overwrite=False, max_bytes=100)

    with pytest.raises(FileExists, match="upload with overwrite=true"):
        upload.feed(part(b"")[:-2])
    upload.close()

    receive(root, part(b"new") + END, overwrite=True)
    assert (folder / "a.txt").read_bytes() == b"new"


def test_a_name_taken_while_it_is_sent_is_kept(root: Root, folder: Path) -> None:
    upload = MultipartUpload(root, "", content_type=TYPE, overwrite=False, max_bytes=100)
    upload.feed(part(b"new") + END)
    (folder / "a.txt").write_bytes(b"by the game")

    with pytest.raises(FileExists):
        upload.finish()
    upload.close()

    assert {found.name: found.read_bytes() for found in folder.iterdir()} == {"a.txt": b"by the game"}


def test_a_link_is_not_written_through(root: Root, folder: Path) -> None:
    (folder.parent / "canary").write_bytes(b"canary")
    (folder / "a.txt").symlink_to("../canary")

    with pytest.raises(OutsideRoot):
        receive(root, part(b"new") + END, overwrite=True)

    assert (folder.parent / "canary").read_bytes() == b"canary"
    assert os.listdir(folder) == ["a.txt"]


def test_what_may_not_be_written_makes_no_folder(root: Root, folder: Path) -> None:
    def refuse(path: str) -> None:
        raise Forbidden(path)

    with pytest.raises(Forbidden, match=r"mods/a\.txt"):
        receive(root, part(b"x") + END, directory="mods", check=refuse)

    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    ("size", "max_bytes", "error"), [(0, 0, None), (9, 9, None), (10, 9, TooLarge), (2**62, 2**63, DiskFull)]
)
def test_room_is_asked_for_first(size: int, max_bytes: int, error: type[AppError] | None, root: Root) -> None:
    if error is None:
        require_room(root, size, max_bytes=max_bytes)
        return
    with pytest.raises(error):
        require_room(root, size, max_bytes=max_bytes)
