"""Texts of strangers: each bad one is refused by code and line, cheaply; each good one means what Compose reads."""

import resource
import sys
import time
import tracemalloc

import pytest

from servers.docker.compose_file.yaml_text import BadComposeFile, parse_yaml
from servers.minecraft.compose.rules import MCComposeFile

NEST = 5000


def doubled(first: str, then: str, times: int) -> str:
    """Anchors of which each names the one before some times."""
    later = "".join(f"a{i}: &a{i} {then.format(f'*a{i - 1}')}\n" for i in range(1, times))
    return f"a0: &a0 {first}\n{later}"


BOMBS = {
    "deep lists": ("too_deep", "[" * 60_000),
    "deep mappings": ("too_deep", "\n".join(" " * i + "a:" for i in range(600))),
    "deep by aliases": ("too_deep", "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, NEST))),
    "billion laughs": ("alias_bomb", doubled("[lol, lol]", "[{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]", 30)),
    "quadratic": ("alias_bomb", f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 50}]"),
    "merged again and again": ("alias_bomb", doubled("{k: " + "v" * 2000 + "}", "{{<<: [{0}, {0}]}}", 60)),
    "too many values": ("too_many", f"a: [{'1,' * 30_000}]"),
    "too many anchors": ("too_many", "\n".join(f"a{i}: &x{i} 1" for i in range(11_000))),
    "256 KiB and one": ("too_large", "a: " + "x" * (256 * 1024 - 2)),
    "ten MiB": ("too_large", "a: " + "x" * (10 * 1024 * 1024)),
    "an alias of itself": ("alias_loop", "a: &a [*a]"),
    "a key twice": ("duplicate_key", "services: {}\nservices: {}"),
    "a key twice in quotes": ("duplicate_key", "a:\n  b: 1\n  'b': 2"),
    "merge in quotes": ("quoted_merge", "x: &x {a: 1}\nb: {'<<': *x}"),
    "many keys twice": ("duplicate_key", "a: {" + "k: 1," * 9_000 + "}"),
    "python tag": ("tag", "a: !!python/object/apply:os.system ['id']"),
    "compose's reset": ("tag", "services: !reset {}"),
    "compose's override": ("tag", "services: !override {}"),
    "binary": ("tag", "a: !!binary aGVsbG8="),
    "thousand tag directives": ("tag", "".join(f"%TAG !a{i}! tag:x{i},2000:\n" for i in range(8000)) + "---\na: 1"),
    "second document": ("documents", "a: 1\n---\nb: 2"),
    "second after its end": ("documents", "a: 1\n...\n---\nb: 2"),
    "nothing": ("empty", ""),
    "a comment alone": ("empty", "# nothing"),
    "a list": ("no_mapping", "- a"),
    "a number as key": ("key_not_text", "1: a"),
    "a list as key": ("key_not_text", "? [a]\n: b"),
    "nul": ("control_character", "a: 1\nb: \0"),
    "escape": ("control_character", "a: \x1b[31m"),
    "a line break few know": ("control_character", "a: 1 # \u2028b: 2"),
    "next line": ("control_character", "a: 1 # \x85b: 2"),
    "half a character": ("control_character", "a: \ud800"),
    "no yaml": ("yaml", "a: [1"),
    "a huge number": (None, "a: " + "9" * 200_000),
}


def refused_as(text: str) -> str | None:
    try:
        parse_yaml(text)
    except BadComposeFile as error:
        return error.problems[0].code if len(str(error)) < 10_000 else "too long an answer"
    return None


@pytest.mark.parametrize(("code", "text"), BOMBS.values(), ids=BOMBS)
@pytest.mark.slow
def test_a_bomb_costs_neither_time_nor_memory(code: str | None, text: str) -> None:
    spent_s = []
    for _ in range(3):  # other tests run beside this one and share its caches: the best try counts
        before = time.process_time()
        found = refused_as(text)
        spent_s.append(time.process_time() - before)

    assert found == code
    assert min(spent_s) < 1.0  # unbounded they take minutes; what is usual is far below 0.1 s


@pytest.mark.slow
def test_bombs_leave_no_memory_behind() -> None:
    def blow() -> None:
        for _, text in BOMBS.values():
            refused_as(text)

    blow()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    for _ in range(3):
        blow()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 1024**2
    assert peak < 64 * 1024**2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    assert sys.getrecursionlimit() >= 1000


def test_bytes_that_are_not_utf8_are_named_with_their_line() -> None:
    with pytest.raises(BadComposeFile, match="line 2: A compose file must be UTF-8"):
        parse_yaml(b"a: 1\nb: \xff")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("is_read", [False, True], ids=["bytes", "text"])
def test_utf16_is_called_by_its_name(encoding: str, *, is_read: bool) -> None:
    raw = "# mine\nservices:\n".encode(encoding)

    with pytest.raises(BadComposeFile, match=r"UTF-16, as some Windows editors save it\. Save it as UTF-8"):
        parse_yaml(raw.decode(errors="replace") if is_read else raw)


@pytest.mark.parametrize(
    ("reason", "text"),
    {
        "a tab for blanks": ("line 2: .*found character that cannot start any token", "services:\n\tmc:\n"),
        "a tab after blanks": ("line 3: This is not valid YAML", "services:\n  mc:\n  \timage: a\n  restart: no\n"),
        "a no-break space for a blank": ("line 2: .*U\\+00A0", "services:\n\xa0\xa0mc:\n    image: a\n"),
        "one behind a colon": ("line 3: .*U\\+00A0", "services:\n  mc:\n    image:\xa0a\n"),
        "a narrow one": ("line 2: .*U\\+202F", "services:\n\u202fmc: {}\n"),
        "an ideographic one": ("line 2: .*U\\+3000", "services:\n\u3000mc: {}\n"),
    }.values(),
)
def test_blanks_that_are_none_are_named_with_their_line(reason: str, text: str) -> None:
    with pytest.raises(BadComposeFile, match=reason):
        MCComposeFile.from_yaml(text, server_id="survival", allowed_images=["a"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"), ("22:22", "22:22"), ("010", 8), ("0o10", 8), ("1_000", 1000), ("1.20", 1.2), ("~", None),
        ("2024-01-01", "2024-01-01"), ("true", True), ("1e3", 1000.0), (".inf", ".inf"), ("'1.20'", "1.20"),
    ],
)
def test_plain_values_mean_what_compose_reads(written: str, meant: object) -> None:
    value = parse_yaml(f"a: {written}").value["a"]

    assert (value, type(value)) == (meant, type(meant))


def test_lines_are_told_through_merges_and_aliases() -> None:
    document = parse_yaml("x: &x\n  a: 1\n  b: [1, 2]\ny:\n  <<: *x\n  c: 3\nz: *x\n")

    assert document.value["y"] == {"a": 1, "b": [1, 2], "c": 3}
    lines = [document.line_of(path) for path in (("y", "a"), ("y", "c"), ("z", "b", 1), ("y", "none"), ())]
    assert lines == [2, 6, 3, 4, 1]
