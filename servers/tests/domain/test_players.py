import json
from pathlib import Path

import pytest

from servers.minecraft.data_root import usual
from servers.minecraft.players import PlayersUnknown, names_of_players, parse_players, read_players


@pytest.mark.parametrize(
    ("answer", "online", "maximum"),
    [
        ("There are 2 of a max of 20 players online: Alex, Steve", ["Alex", "Steve"], 20),
        ("There are 0 of a max of 20 players online: ", [], 20),
        ("There are 0 of a max of 20 players online:", [], 20),
        ("There are 1 of a max 20 players online: Alex", ["Alex"], 20),
        ("There are 2/20 players online:\nAlex, Steve", ["Alex", "Steve"], 20),
        ("There are 0/20 players online:\n", [], 20),
        ("§6There are §c1§6 of a max of §c20§6 players online: §fAlex§r", ["Alex"], 20),
        ("There are 2 out of maximum 20 players online.\ndefault: Alex\nadmins: Steve", ["Alex", "Steve"], 20),
        ("There are 1/1 out of maximum 20 players online.\nadmins: [AFK]Alex, [HIDDEN] Steve", ["Alex", "Steve"], 20),
        ("§6There are §c1 §6out of maximum §c20 §6players online.\n§6my group§r: §c[AFK]§f Alex", ["Alex"], 20),
        ("There are 3 out of maximum 20 players online.\r\nowner:\r\ndefault: Alex, Bo\r\n", ["Alex", "Bo"], 20),
        ("There are 2 of a max of 20 players online: .Stone Age, Alex", [".Stone Age", "Alex"], 20),
        ("There are 1 of a max of 20 players online: [Red Team] Alex", ["Alex"], 20),
        (
            "There are 1 of a max of 20 players online: Alex (8f7d0c2e-7f0a-4c3e-9f52-0123456789ab)",
            ["Alex"],
            20,
        ),
        ("There are 2 out of maximum 9 players online.\nstaff: Alex\nall: Alex, Bo", ["Alex", "Bo"], 9),
    ],
)
def test_lists_of_all_kinds(answer: str, online: list[str], maximum: int) -> None:
    players = parse_players(answer)

    assert (players.online, players.maximum) == (online, maximum)


@pytest.mark.parametrize(
    "answer", ["", "Unknown or incomplete command, see below for error\nlist<--[HERE]", "Alex: hello", "§c"]
)
def test_what_is_no_list_is_said_to_be_none(answer: str) -> None:
    with pytest.raises(PlayersUnknown, match="cannot be read"):
        parse_players(answer)


@pytest.mark.parametrize(
    ("shown", "known", "names"),
    [
        ("[Owner] Alex [AFK], ★Bo★, Cy (afk)", (), ["Alex", "Bo", "Cy"]),
        ("Admin » Alex", (), ["Alex"]),
        ("Admin » Alex", ("Admin", "Alex"), ["Alex"]),
        ("Alex | resting", ("Alex",), ["Alex"]),
        ("Alex [Bo's friend]", ("Alex", "Bo"), ["Alex"]),
        ("[Alex]", ("Alex",), ["Alex"]),
        ("~Alexander", ("Alex", "Alexander"), ["Alexander"]),
        (".Stone Age, [VIP] .Stone Age", (".Stone Age", "Stone"), [".Stone Age"]),
        ("<Team Red> {3} Alex_99 ✔", (), ["Alex_99"]),
        ("Guild: Alex", ("Alex",), ["Alex"]),
        ("★, [AFK]", (), ["★", "[AFK]"]),
        ("x" * 5000, (), ["x" * 5000]),
    ],
)
def test_what_is_put_around_a_name_is_no_part_of_it(shown: str, known: tuple[str, ...], names: list[str]) -> None:
    players = parse_players(f"There are 1 of a max of 20 players online: {shown}", known=known)

    assert players.online == names


async def test_who_has_been_on_is_read_only_where_a_name_is_decorated() -> None:
    asked = []

    def known() -> list[str]:
        asked.append(1)
        return ["Alex"]

    head = "There are 1 of a max of 20 players online: "
    assert (await read_players(f"{head}Alex, Bo", known)).online == ["Alex", "Bo"]
    assert not asked
    assert (await read_players(f"{head}King Alex the Great", known)).online == ["Alex"]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (json.dumps([{"name": "Alex", "uuid": "x"}, {"name": 5}, "Bo", {"name": " "}, {"name": ".Stone Age"}]).encode(),
         {"Alex", ".Stone Age"}),
        (b"[" * 100_000, set()), (b"{}", set()), (b"\xff\xfe[", set()), (b"", set()), (None, set()),
        (json.dumps([{"name": f"p{number}"} for number in range(3000)]).encode(), {f"p{n}" for n in range(2000)}),
    ],
    ids=["usual", "deep", "no list", "no text", "empty", "none", "very many"],
)
def test_the_games_memory_of_players_is_read_whatever_is_in_it(
    tmp_path: Path, content: bytes | None, names: set[str]
) -> None:
    (tmp_path / "survival/data").mkdir(parents=True)
    if content is not None:
        (tmp_path / "survival/data/usercache.json").write_bytes(content)

    assert names_of_players(usual(tmp_path, "survival")) == names
