"""Names of single games: a server's id, and of a game that is not its main one the service behind a colon.

No id holds a colon, so one text names a server's main game, or another of its games, wherever games are kept by name.
"""

from collections.abc import Sequence

from core.errors import NotFound

GameName = str


class GameNotFound(NotFound):
    """The server's file has no such game."""

    code = "game_not_found"


def game_name(server_id: str, service: str) -> GameName:
    """Return the name of a game; ``service`` is "" for the main one."""
    return f"{server_id}:{service}" if service else server_id


def split_game(name: GameName) -> tuple[str, str]:
    """Return a game's server, and its service, "" for the main one."""
    server_id, _, service = name.partition(":")
    return server_id, service


def choose_game(server_id: str, wanted: str, *, main: str | None, games: Sequence[str]) -> GameName:
    """Return the name of the game that somebody asks for; nothing asked for: the main one.

    Args:
        server_id: of the server.
        wanted: a service, or "".
        main: the service of the server's main game.
        games: all services that are games.

    Raises:
        GameNotFound.
    """
    if not wanted or wanted == main:
        return server_id
    if wanted not in games:
        known = ", ".join(games) or "none"
        raise GameNotFound(f"{server_id} has no game called {wanted[:80]!r}. Its games: {known}.")
    return game_name(server_id, wanted)
