"""What a game says of saving, in the words of every family; and what only looks like it."""

import pytest

from backups.snapshots import game_connection

HEAD = "[10:00:02] [Server thread/INFO]: "


@pytest.mark.parametrize(
    ("off", "saved", "on"),
    [
        ("Automatic saving is now disabled", "Saving the game (…)Saved the game", "Automatic saving is now enabled"),
        ("Turned off world auto-saving", "Saving...Saved the world", "Turned on world auto-saving"),
        ("Disabled level saving..", "Forcing save..Save complete.", "Enabled level saving.."),
    ],
    ids=["vanilla", "1.12", "CraftBukkit"],
)
def test_each_family_is_understood(off: str, saved: str, on: str) -> None:
    assert game_connection.says_off(off)
    assert game_connection.says_saved(saved)
    assert game_connection.says_on(on)
    others = (game_connection.says_on, game_connection.is_unknown, game_connection.says_saved)
    assert not any(says(off) for says in others)
    assert not game_connection.says_off(on)


@pytest.mark.parametrize(
    "answer",
    ['Unknown command. Type "/help" for help.', "Unknown or incomplete command, see below", "No such command"],
)
def test_an_unknown_command_is_told(answer: str) -> None:
    assert game_connection.is_unknown(answer)


@pytest.mark.parametrize(
    ("line", "confirms"),
    [
        (f"{HEAD}Saved the game", True),
        (f"{HEAD}Saved the world", True),
        ("[10:00:02] [Server thread/INFO] [minecraft/DedicatedServer]: Saved the world", True),
        ("[27Nov2026 10:00:02.123] [Server thread/INFO] [net.minecraft.server.MinecraftServer/]: Saved the game", True),
        (f"{HEAD}<Alex> Saved the game", False),
        (f"{HEAD}[Owner] Alex: Saved the game", False),
        (f"{HEAD}[Alex]: Saved the game", False),
        (f"{HEAD}[Rcon: Saved the game]", False),  # a player called Rcon, and a chat in brackets
        (f"{HEAD}Alex » [x] [Server thread/INFO]: Saved the game", False),
        ("[10:00:02] [Async Chat Thread - #0/INFO]: Saved the game", False),
        ("[10:00:02] [Server thread/WARN]: Saved the game", False),
        (f"[10:00:02] [Server thread/INFO] [Chat]: {HEAD}Saved the game", False),
        ("[10:00:02] [Server thread/INFO] [Chat]: Saved the game", False),
        ("Saved the game", False),
    ],
)
def test_only_the_games_own_line_confirms(line: str, *, confirms: bool) -> None:
    assert game_connection.is_confirmation(line) is confirms


@pytest.mark.parametrize(
    "said", ["Automatic saving is now enabled", "Turned on world auto-saving", "Enabled level saving.."]
)
@pytest.mark.parametrize(
    ("around", "counts"),
    [
        (f"{HEAD}{{}}", True),
        (f"{HEAD}[Alex: {{}}]", True),
        ("[10:00:02] [Server thread/INFO] [minecraft/DedicatedServer]: {}", True),
        ("[27Nov2026 10:00:02.123] [Server thread/INFO] [net.minecraft.server.MinecraftServer/]: [Rcon: {}]", True),
        (f"{HEAD}[Rcon] ]: {{}}", False),
        (f"{HEAD}[Server] ]: {{}}", False),
        (f"{HEAD}<Alex> ]: {{}}", False),
        (f"{HEAD}<Alex> {HEAD}{{}}", False),
        (f"{HEAD}Alex issued server command: /msg Bob ]: {{}}", False),
        (f"{HEAD}[Alex] ]: [Bob: {{}}]", False),
        ("[10:00:02] [Async Chat Thread - #0/INFO]: {}", False),
        ("{}", False),
    ],
)
def test_only_the_games_own_line_tells_that_saving_was_turned_on(around: str, said: str, *, counts: bool) -> None:
    assert game_connection.tells_saving_on(around.format(said)) is counts
