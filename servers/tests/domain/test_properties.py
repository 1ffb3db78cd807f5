import pytest

from core.errors import InvalidRequest
from servers.minecraft import properties

FILE = (
    b"#Minecraft server properties\n#Tue Nov 24 2026\nmotd=\\u00A7aHello \\: world\nserver-port=25565\n"
    b"pvp=true\n\n! mine\nlevel-name = world\nodd.key:value\nlong=one\\\n   two\nno-newline=1"
)


def test_values_have_their_types() -> None:
    assert properties.parse(FILE) == {
        "motd": "§aHello : world", "server-port": 25565, "pvp": True, "level-name": "world", "odd.key": "value",
        "long": "onetwo", "no-newline": "1",
    }
    assert list(properties.parse(FILE))[:2] == ["motd", "server-port"]


def test_a_change_touches_its_line_alone() -> None:
    changed = properties.change(FILE, {"server-port": 25570, "pvp": True})

    assert changed == FILE.replace(b"25565", b"25570")


def test_nothing_changed_is_the_same_bytes() -> None:
    assert properties.change(FILE, dict(properties.parse(FILE))) == FILE


def test_new_ones_come_last_and_null_takes_out() -> None:
    changed = properties.change(FILE, {"max-players": 5, "long": None})

    assert changed == FILE.replace(b"long=one\\\n   two\n", b"") + b"\nmax-players=5\n"


@pytest.mark.parametrize("value", ["§ and ü", " leading", "back\\slash", "two\nlines", "😀", "a=b:c#d!", ""])
def test_any_text_comes_back_as_it_was(value: str) -> None:
    changed = properties.change(b"a=b\r\n", {"motd": value})

    assert changed.isascii()
    assert properties.parse(changed) == {"a": "b", "motd": value}
    assert changed.startswith(b"a=b\r\n")
    assert changed.endswith(b"\r\n")


def test_latin_1_files_keep_their_bytes() -> None:
    assert properties.change(b"motd=caf\xe9\n", {"pvp": False}) == b"motd=caf\xe9\npvp=false\n"


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("first", [b"#Minecraft server properties\r\n", b"", b"pvp=true\n"])
def test_a_byte_order_mark_is_part_of_no_name_and_stays(first: bytes) -> None:
    raw = BOM + first + b"motd=gr\xc3\xbc\xc3\x9fe\nserver-port=25565\n"

    assert [name for name in properties.parse(raw) if name != "pvp"] == ["motd", "server-port"]
    assert properties.change(raw, dict(properties.parse(raw))) == raw
    assert properties.change(raw, {"server-port": 25570}) == raw.replace(b"25565", b"25570")
    assert properties.change(raw, {"pvp": None}) == raw.replace(b"pvp=true\n", b"")


def test_a_file_of_nothing_but_the_mark_keeps_it() -> None:
    assert properties.parse(BOM) == {}
    assert properties.change(BOM, {"pvp": True}) == BOM + b"pvp=true\n"


def test_of_a_property_set_twice_the_last_counts_and_stays() -> None:
    assert properties.parse(b"pvp=true\npvp=false\n") == {"pvp": False}
    assert properties.change(b"pvp=true\npvp=false\n", {"pvp": True}) == b"pvp=true\n"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("server-port", 0), ("server-port", 65536), ("server-port", "25565"), ("server-port", True), ("pvp", "true"),
        ("pvp", 1), ("difficulty", "impossible"), ("max-players", -1), ("motd", ["x"]), ("motd", "a\0b"),
        ("a b", "x"), ("a\nb", "x"), ("", "x"), ("motd", 1.5),
    ],
)
def test_wrong_values_are_named(key: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        properties.change(FILE, {key: value})

    assert list(refused.value.errors) == [key]
