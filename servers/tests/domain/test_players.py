import pytest

from servers.minecraft.players import PlayersUnknown, parse_players


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
