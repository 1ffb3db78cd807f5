"""What looks like a server and is none: a compose file in a place, or below a name, that no server can have."""

from pathlib import Path

from core.errors import AppError
from core.paths import OutsideRoot, Root, list_directories, list_holding, list_links, printable
from servers.docker.compose import COMPOSE_FILES, find_files
from servers.docker.folders import folder_is_a_link
from servers.minecraft.manager import RESERVED_IDS, DockerMCManager, is_server_id

MAX_FOLDERS = 1000  # of one folder that holds servers; a world has more, and no compose file
_NAMES = "letters, digits, `_`, `.` and `-`, at most 63, the first a letter or digit"


def misplaced_servers(server_path: Path) -> dict[str, str]:
    """Name each folder with a compose file that cannot be a server, with a sentence: why, and what to do. Blocking.

    Folders whose name begins with a dot are passed over: that is how people put one aside, and where ours lie.
    """
    found: dict[str, str] = {}
    with Root(server_path) as root:
        if find_files(root):
            found["."] = (
                "A compose file lies in server_path itself. A server is a folder in it: make one for these files, or "
                "set server_path to the folder above."
            )
        for name in list_directories(server_path):
            if not name.startswith("."):
                found |= _looked_into(root, name)
    for name in list_links(server_path, holding=COMPOSE_FILES):
        if not name.startswith("."):
            found[name] = folder_is_a_link(printable(name)) if is_server_id(name) else _bad_name(name)
    return DockerMCManager(server_path).list_unreadable() | found


def _looked_into(servers: Root, name: str) -> dict[str, str]:
    try:
        with servers.subdirectory(name, follow=False) as folder:
            if any(folder.lstat(file) is not None for file in COMPOSE_FILES):
                return _judged(folder, name)
            below = list_holding(folder, COMPOSE_FILES, at_most=MAX_FOLDERS)
    except AppError:  # it went away; what cannot be looked into has a sentence of its own
        return {}
    return {
        f"{name}/{one}": f"{printable(name)}/{printable(one)} lies one folder too deep: move it up into server_path."
        for one in below
        if not one.startswith(".")
    }


def _judged(folder: Root, name: str) -> dict[str, str]:
    """Judge a folder in which something has the name of a compose file."""
    if not is_server_id(name):
        return {name: _bad_name(name)}
    try:
        if find_files(folder):
            return {}
    except OutsideRoot:
        pass
    why = f"The compose file of {printable(name)} is a link out of its folder, or to nothing. Put the file there."
    return {name: why}


def _bad_name(name: str) -> str:
    if name in RESERVED_IDS:
        return f"{name} is a name that the API needs for itself, so no server can have it. Rename the folder."
    return f"{printable(name)} cannot be a server's name. Rename the folder: {_NAMES}."
