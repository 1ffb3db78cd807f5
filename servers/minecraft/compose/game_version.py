"""What of a compose file decides which game runs on a world: a change of it may change the world for good."""

import re
from collections.abc import Iterable, Mapping

from servers.docker.compose_file.document import literal
from servers.docker.container import Container
from servers.minecraft.compose.rules import MCComposeFile

# Variables that choose the game, its version, its loader, a pack or mods. Source: the image's documentation.
_CHOOSES = re.compile(
    r"TYPE|SERVER_TYPE|.*VERSION|.*_BUILD|.*_CHANNEL|MODPACK.*|MOD_PLATFORM|MODS.*|PLUGINS.*|DATAPACKS.*|MODRINTH_.*"
    r"|SPIGET_.*|PACKWIZ_.*|GENERIC_PACKS?.*|CF_.*|FTB_.*|FTBA_.*|CUSTOM_.*|.*_DOWNLOAD_URL|.*_INSTALLER(_URL)?"
)
_IS_SECRET = re.compile(r".*(KEY|TOKEN|PASSWORD).*")


def game_choices(compose: MCComposeFile) -> Mapping[str, Mapping[str, str | None]]:
    """Return for each game service its image and the variables that choose the game, its version, packs and mods."""
    found: dict[str, dict[str, str | None]] = {}
    for name in compose.games:
        service = compose.file.services[name]
        chosen = {
            key: None if value is None else literal(value)
            for key, value in service.environment.items()
            if _decides(key)
        }
        found[name] = {"image": service.image, **chosen}
    return found


def changes_game(old: MCComposeFile, new: MCComposeFile) -> bool:
    """Tell whether another game, version, image, pack or mod would run on the worlds of ``old``.

    A service that only one of them has is a change, too: it may run on the same files.
    """
    return game_choices(old) != game_choices(new)


def differs_from_what_ran(new: MCComposeFile, containers: Iterable[Container]) -> bool:
    """Tell whether ``new`` runs another game than a container of the same service did: its file was changed by hand.

    A variable that ``new`` does not set cannot be compared: the container has the image's own value of it.
    """
    choices = game_choices(new)
    ran = [one for one in containers if one.started_at is not None and one.service in choices]
    return any(
        value is not None and value != (one.image if key == "image" else one.environment.get(key))
        for one in ran
        for key, value in choices[one.service].items()
    )


def _decides(variable: str) -> bool:
    name = variable.upper()
    return bool(_CHOOSES.fullmatch(name)) and not _IS_SECRET.fullmatch(name)
