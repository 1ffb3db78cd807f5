"""Texts read to be edited and written back: what an editor does not show is kept, and nobody's change is lost."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import NotText, TooLarge
from core.paths import FileMissing, NotAFile, Root
from servers.minecraft.files.text import MAX_TEXT_BYTES, Changed, etag, read_text, require_match, write_text

BOM = b"\xef\xbb\xbf"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    with Root(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("raw", "content"), [(b"", ""), (b"a\r\nb", "a\r\nb"), (BOM + b"a", "a"), ("§ü".encode(), "§ü"), (BOM, "")]
)
def test_a_text_is_read_without_its_mark(raw: bytes, content: str, root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(raw)

    assert read_text(root, "a.txt").content == content


@pytest.mark.parametrize("raw", [b"a\0b", b"\xff\xfe", b"\xe9t\xe9", b"\xed\xa0\x80"])
def test_what_is_no_text_is_not_shown(raw: bytes, root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(raw)

    with pytest.raises(NotText):
        read_text(root, "a.txt")


@pytest.mark.parametrize(
    ("old", "new", "exact", "written"),
    [
        (b"a\n", "b\n", False, b"b\n"),
        (b"a\r\nb\r\n", "c\nd\n", False, b"c\r\nd\r\n"),
        (b"a\r\nb\n", "c\nd\n", False, b"c\nd\n"),  # mixed: nobody can say which was meant
        (b"a\r\n", "c\r\nd\n", False, b"c\r\nd\n"),  # who sends one knows of it
        (BOM + b"a", "b", False, BOM + b"b"),
        (BOM + b"a", "\ufeffb", False, BOM + b"b"),
        (BOM + b"a\r\n", "b\n", False, BOM + b"b\r\n"),
        (BOM + b"a\r\n", "b\n", True, b"b\n"),
    ],
)
def test_what_an_editor_does_not_show_is_kept(
    old: bytes, new: str, exact: bool, written: bytes, root: Root, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(old)

    text = write_text(root, "a.txt", new, exact=exact)

    assert (tmp_path / "a.txt").read_bytes() == written
    assert text.etag == read_text(root, "a.txt").etag


@pytest.mark.parametrize("exact", [False, True])
def test_a_text_is_not_made_by_writing(exact: bool, root: Root, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileMissing):
        write_text(root, "a.txt", "a", exact=exact)
    with pytest.raises(NotAFile):
        write_text(root, "folder", "a", exact=exact)

    assert [found.name for found in tmp_path.iterdir()] == ["folder"]


def test_the_largest_text_is_read_and_written_and_one_byte_more_is_not(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a" * MAX_TEXT_BYTES)
    assert len(read_text(root, "a.txt").content) == MAX_TEXT_BYTES
    assert write_text(root, "a.txt", "b" * MAX_TEXT_BYTES).content[:1] == "b"

    with pytest.raises(TooLarge):
        write_text(root, "a.txt", "c" * (MAX_TEXT_BYTES + 1))
    (tmp_path / "a.txt").write_bytes(b"a" * (MAX_TEXT_BYTES + 1))
    with pytest.raises(TooLarge):
        read_text(root, "a.txt")


def test_a_change_by_somebody_else_is_not_overwritten(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("first")
    seen = read_text(root, "a.txt").etag
    (tmp_path / "a.txt").write_text("by the game")

    with pytest.raises(Changed):
        write_text(root, "a.txt", "mine", if_match=seen)

    assert (tmp_path / "a.txt").read_text() == "by the game"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [(None, True), ("*", True), ("{tag}", True), ("W/{tag}", True), ('"0", {tag}', True), ('"0"', False), ("", False)],
)
def test_the_versions_that_a_header_may_name(wanted: str | None, fits: bool, tmp_path: Path) -> None:
    found = os.stat(tmp_path)
    header = None if wanted is None else wanted.format(tag=etag(found))
    if fits:
        require_match(found, header)
    else:
        with pytest.raises(Changed):
            require_match(found, header)


def test_what_is_gone_fits_no_version() -> None:
    require_match(None, None)
    with pytest.raises(Changed):
        require_match(None, "*")
