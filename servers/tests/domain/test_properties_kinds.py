"""``server.properties`` to the edges of its kinds and of its syntax, which is that of Java's properties."""

import pytest

from core.errors import InvalidRequest
from servers.minecraft import properties
from servers.minecraft.properties import MAX_VALUE_CHARS

WHOLE = (-(2**31), 2**31 - 1)
BOUNDS = {
    "entity-broadcast-range-percentage": (10, 1000),
    "function-permission-level": (1, 4),
    "max-build-height": (8, 4064),
    "max-chained-neighbor-updates": WHOLE,
    "max-players": (0, WHOLE[1]),
    "max-tick-time": (-1, 2**63 - 1),
    "max-world-size": (1, 29999984),
    "network-compression-threshold": (-1, WHOLE[1]),
    "op-permission-level": (0, 4),
    "query.port": (1, 65535),
    "rcon.port": (1, 65535),
    "server-port": (1, 65535),
    "simulation-distance": (3, 32),
    "view-distance": (3, 32),
}


@pytest.mark.parametrize(("key", "bounds"), BOUNDS.items(), ids=BOUNDS)
def test_a_whole_number_may_be_its_lowest_and_its_highest_and_no_more(key: str, bounds: tuple[int, int]) -> None:
    lowest, highest = bounds

    for allowed in bounds:
        changed = properties.change(b"", {key: allowed})
        assert changed == f"{key}={allowed}\n".encode()
        assert properties.parse(changed) == {key: allowed}
    for refused in (lowest - 1, highest + 1, True, str(lowest), float(lowest), [lowest]):
        with pytest.raises(InvalidRequest, match=f"whole number from {lowest} to {highest}"):
            properties.change(b"", {key: refused})


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("difficulty", ("peaceful", "easy", "normal", "hard")),
        ("gamemode", ("survival", "creative", "adventure", "spectator")),
        ("region-file-compression", ("deflate", "lz4", "none")),
    ],
)
def test_a_choice_takes_each_of_its_words_and_no_other(key: str, values: tuple[str, ...]) -> None:
    for value in values:
        assert properties.parse(properties.change(b"", {key: value})) == {key: value}
    for refused in (values[0].upper(), "", 0, False, f" {values[0]}"):
        with pytest.raises(InvalidRequest, match=f"one of: {', '.join(values)}"):
            properties.change(b"", {key: refused})


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (b"pvp=TRUE", {"pvp": True}),
        (b"pvp=False", {"pvp": False}),
        (b"pvp=yes", {"pvp": "yes"}),
        (b"pvp=", {"pvp": ""}),
        (b"mine=true", {"mine": "true"}),
        (b"max-players=-3", {"max-players": -3}),
        (b"max-players=020", {"max-players": 20}),
        (b"max-players=+3", {"max-players": "+3"}),
        (b"max-players=3.0", {"max-players": "3.0"}),
        (b"max-players=" + b"9" * 19, {"max-players": int("9" * 19)}),
        (b"max-players=" + b"9" * 20, {"max-players": "9" * 20}),
        (b"mine=5", {"mine": "5"}),
        (b"difficulty=none", {"difficulty": "none"}),
        (b"server-port=70000", {"server-port": 70000}),
    ],
)
def test_what_the_game_wrote_is_told_even_where_it_does_not_fit(line: bytes, meant: dict[str, object]) -> None:
    found = properties.parse(line)

    assert found == meant
    assert [type(one) for one in found.values()] == [type(one) for one in meant.values()]


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"", {}),
        (b"\n\r\n\r \t\x0c\n", {}),
        (b"# a=1\n  ! b=2\n\t#c\n", {}),
        (b"a=1\rb=2\r\nc=3\nd=4", {"a": "1", "b": "2", "c": "3", "d": "4"}),
        (b"  a  =  1  ", {"a": "1  "}),
        (b"\ta\t:\t1", {"a": "1"}),
        (b"a 1", {"a": "1"}),
        (b"a", {"a": ""}),
        (b"a==1", {"a": "=1"}),
        (b"a=:1", {"a": ":1"}),
        (b"a = = 1", {"a": "= 1"}),
        (b"a=#1", {"a": "#1"}),
        (b"=1", {}),
        (b"a\\=b\\:c\\ d=1", {"a=b:c d": "1"}),
        (b"\\#a=1", {"#a": "1"}),
        (b"a=\\t\\n\\r\\f\\\\\\q", {"a": "\t\n\r\f\\q"}),
        (b"a=\\u0041\\u00e9\\uD83D\\uDE00", {"a": "Aé😀"}),
        (b"a=\\uD83D", {"a": "\ufffd"}),
        (b"a=\\u12", {"a": "u12"}),
        (b"a=1\\\n", {"a": "1"}),
        (b"a=1\\", {"a": "1"}),
        (b"a=1\\\\\nb=2", {"a": "1\\", "b": "2"}),
        (b"a=1\\\\\\\nb=2", {"a": "1\\b=2"}),
        (b"a=1\\\r\n  2\\\r\n\t3\r\nb=4", {"a": "123", "b": "4"}),
        (b"a=1,\\\n# no comment\nb=2", {"a": "1,# no comment", "b": "2"}),
        (b"a=1\\\n\nb=2", {"a": "1", "b": "2"}),
        ("a=gr\u00fc\u00dfe".encode(), {"a": "gr\u00fc\u00dfe"}),
        ("a=gr\u00fc\u00dfe".encode("latin-1"), {"a": "gr\u00fc\u00dfe"}),
    ],
)
def test_a_file_means_what_java_reads_in_it(raw: bytes, meant: dict[str, str]) -> None:
    assert properties.parse(raw) == meant
    assert properties.change(raw, {}) == raw


@pytest.mark.parametrize(
    ("raw", "wanted", "changed"),
    [
        (b"", {"a": "1"}, b"a=1\n"),
        (b"", {"a": None}, b""),
        (b"a=1", {"b": "2"}, b"a=1\nb=2\n"),
        (b"a=1\r\n", {"b": "2", "c": "3"}, b"a=1\r\nb=2\r\nc=3\r\n"),
        (b"a=1\r\nb=2", {"b": "3"}, b"a=1\r\nb=3\r\n"),
        (b"a=1\nb=2\n", {"a": None, "b": None}, b""),
        (b"a=1\\\n  2\nb=3\n", {"a": "4"}, b"a=4\nb=3\n"),
        (b"#x\na = 1\n#y\n", {"a": "2"}, b"#x\na=2\n#y\n"),
        (b"a=1\n#x\na=2\n", {"a": None}, b"#x\n"),
        (b"a=1\n#x\na=2\n", {"a": "2"}, b"a=1\n#x\na=2\n"),
        (b"a=1\n#x\na=2\n", {"a": "1"}, b"#x\na=1\n"),
        (b"pvp=TRUE\n", {"pvp": True}, b"pvp=TRUE\n"),
        (b"max-players=020\n", {"max-players": 20}, b"max-players=020\n"),
        (b"a=\\u00fc\n", {"a": "\u00fc"}, b"a=\\u00fc\n"),
        (b"a=1\n", {"a": "\u00fc \U0001f600"}, b"a=\\u00FC \\uD83D\\uDE00\n"),
        (b"a=1\n", {"a": " b "}, b"a=\\ b \n"),
        (b"a=1\n", {"a": "~\t\x0c\r\n\\\x7f"}, b"a=~\\t\\f\\r\\n\\\\\\u007F\n"),
        (b"a=1\n", {"mine": True, "yours": False, "number": 5}, b"a=1\nmine=true\nyours=false\nnumber=5\n"),
    ],
)
def test_a_change_writes_its_own_lines_alone(raw: bytes, wanted: dict[str, object], changed: bytes) -> None:
    assert properties.change(raw, wanted) == changed


@pytest.mark.parametrize(
    ("key", "is_allowed"),
    [
        ("a" * 200, True), ("a" * 201, False), ("A-z_0.9/x", True), ("a=b", False), ("a:b", False), ("a\\b", False),
        ("#a", False), ("\u00fc", False), ("a\n", False), (" a", False),
    ],
)
def test_a_name_that_could_be_read_as_another_is_refused(key: str, *, is_allowed: bool) -> None:
    if is_allowed:
        assert properties.parse(properties.change(b"", {key: "x"})) == {key: "x"}
        return
    with pytest.raises(InvalidRequest) as refused:
        properties.change(b"", {key: "x"})

    assert list(refused.value.errors) == [key]


def test_a_value_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = "x" * MAX_VALUE_CHARS

    assert properties.parse(properties.change(b"", {"motd": longest})) == {"motd": longest}
    with pytest.raises(InvalidRequest, match=f"at most {MAX_VALUE_CHARS} characters"):
        properties.change(b"", {"motd": longest + "x"})


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_changed() -> None:
    with pytest.raises(InvalidRequest) as refused:
        properties.change(b"a=1\n", {"pvp": "no", "a": "2", "server-port": 0, "b c": "x"})

    assert list(refused.value.errors) == ["pvp", "server-port", "b c"]
