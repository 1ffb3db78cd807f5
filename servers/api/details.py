"""One server in full: what its compose file says beyond the list's item, and what is to be said about it."""

from typing import Any, TypedDict

from asgiref.sync import async_to_sync

from core.errors import AppError
from core.redaction import without_login
from servers import wiring
from servers.api.items import ServerItem, server_item
from servers.api.secrets import masked
from servers.changes import compose_safety
from servers.changes.compose_safety import Finding
from servers.changes.variable_warnings import unset_in
from servers.docker.compose_file.yaml_text import BadComposeFile
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.compose.warnings import warnings_of
from servers.minecraft.data_root import DataKind


class PortPayload(TypedDict):
    """An entry of ``ports``: a range is its first numbers and ``count``; None: a variable hides it."""

    host: str | None
    published: int | None
    target: int | None
    count: int
    protocol: str | None


class VolumePayload(TypedDict):
    """An entry of ``volumes``; a ``source`` in the server's directory is written as ``./…``."""

    type: str
    source: str | None
    target: str
    readOnly: bool


class DataRootPayload(TypedDict):
    """Where the game's files are, in a word and in a sentence."""

    kind: str
    inSnapshots: bool
    sentence: str


class ComposePayload(TypedDict):
    """What the compose file says of its main game; ``environment`` with secrets masked."""

    image: str | None
    environment: dict[str, Any]
    ports: list[PortPayload]
    volumes: list[VolumePayload]
    restart: str | None
    warnings: list[str]


class ServerDetail(ServerItem, ComposePayload):
    """One server in full; ``ServerDetailSerializer`` documents the same fields.

    ``games`` are services, the main one first. ``findings`` of a broken file are the rules that it breaks.
    """

    hints: list[str]
    games: list[str]
    dataRoot: DataRootPayload
    findings: list[Finding]


def server_detail(server_id: str) -> ServerDetail:
    """Return a server from disk and memory; only the findings of a new text are asked of Compose, once for each.

    Raises:
        ServerNotFound.
    """
    catalog = wiring.live().catalog
    info = catalog.info(server_id)
    games = sorted(info.games, key=lambda one: one != info.service)
    shown, findings = _read_compose(server_id)
    return {
        **server_item(info),
        **shown,
        "hints": [*info.hints, *_about_games(games)],
        "games": games,
        "dataRoot": _data_root(server_id),
        "findings": findings,
    }


def _read_compose(server_id: str) -> tuple[ComposePayload, list[Finding]]:
    """Read what the file says, and what is to be said about it; of a broken one only the latter."""
    catalog = wiring.live().catalog
    server = wiring.manager().get_instance(server_id)
    try:
        written = server.read_minecraft_compose(None)
        project = catalog.project(server_id)
        compose = written if project is None else server.read_minecraft_compose(project)
    except BadComposeFile as error:
        nothing: ComposePayload = {
            "image": None, "environment": {}, "ports": [], "volumes": [], "restart": None, "warnings": [],
        }
        return nothing, _unaccepted(error)
    # Variables as they are written: what .env and env_file bring may be secret, whatever it is called.
    environment = {name: masked(name, value) for name, value in written.service.environment.items()}
    shown = _of_compose(compose, directory=str(server.directory), environment=environment)
    shown["warnings"] += unset_in(server.directory)
    return shown, _findings(server_id)


def _about_games(games: list[str]) -> list[str]:
    """Say of which of several games the figures, commands and players are."""
    if len(games) < 2:
        return []
    others = ", ".join(f"`{one}`" for one in games[1:])
    said = (
        f"The file has {len(games)} games. Commands, players, console, files and figures are those of `{games[0]}`; "
        f"commands, players and console of another ({others}) come by `?service=`. The status is the worst one's."
    )
    return [said]


def _of_compose(compose: MCComposeFile, *, directory: str, environment: dict[str, Any]) -> ComposePayload:
    return {
        "image": without_login(compose.image) or None,
        "environment": environment,
        "ports": [
            {
                "host": port.host or None,
                "published": port.published.start if port.published else None,
                "target": port.target.start if port.target else None,
                "count": len(port.target),
                "protocol": port.protocol or None,
            }
            for port in compose.ports
        ],
        "volumes": [
            {
                "type": one.type,
                "source": _beside(one.source, directory),
                "target": one.target,
                "readOnly": one.read_only,
            }
            for one in compose.volumes
        ],
        "restart": compose.restart,
        "warnings": list(warnings_of(compose)),
    }


def _data_root(server_id: str) -> DataRootPayload:
    seen = wiring.live().data_root(server_id).seen()
    return {"kind": seen.kind.value, "inSnapshots": seen.kind is not DataKind.ELSEWHERE, "sentence": seen.sentence}


def _unaccepted(error: BadComposeFile) -> list[Finding]:
    return [{**problem.facts(), "accepted": False} for problem in error.problems]


def _findings(server_id: str) -> list[Finding]:
    try:
        return async_to_sync(compose_safety.findings_now)(server_id)
    except BadComposeFile as error:
        return _unaccepted(error)
    except AppError as error:  # no Compose on this machine: what it would find is not known
        return [{"code": error.code, "message": str(error), "line": None, "file": None, "accepted": False}]


def _beside(source: str | None, directory: str) -> str | None:
    """Write a place in the server's directory as the file does: ``./data``."""
    if source is not None and f"{source}/".startswith(f"{directory}/"):
        return f".{source.removeprefix(directory)}"
    return source
