"""A server's folder and its data, held open and never reached through a link. Blocking.

Nobody but this module opens either (a lint test holds it). Whoever writes there may be hostile: a game makes what it
likes of its own files, and a restore brings them back. A link in place of one of these folders would lead every
reader and writer of the panel, which runs as root, to any place of the machine.
"""

from pathlib import Path

from core.errors import Conflict, Forbidden
from core.paths import FileMissing, OutsideRoot, Root, is_same_mount

DATA = "data"
EXCLUDE_LIST = ".mcadminignore"  # what snapshots of the server leave out; beside DATA


class ServerFolderIsALink(Conflict):
    """The server's folder lies elsewhere, and only a link to it is among the servers."""

    code = "server_folder_is_a_link"


class DataElsewhere(Conflict):
    """The game's files are not in a folder that belongs to the server."""

    code = "data_elsewhere"


def open_server(directory: Path) -> Root:
    """Hold the folder of a server; new files get its owner, and the caller closes it.

    Raises:
        FileMissing: there is none.
        ServerFolderIsALink.
    """
    with Root(directory.parent) as servers:
        try:
            return servers.own_subdirectory(directory.name)
        except OutsideRoot:
            raise ServerFolderIsALink(folder_is_a_link(directory.name)) from None


def open_data(data: Path) -> Root:
    """Hold the data of a server, ``<its folder>/data``; new files get its owner, and the caller closes it.

    Raises:
        FileMissing: there is none.
        ServerFolderIsALink, DataElsewhere: a link has the name of one of the two.
    """
    with open_server(data.parent) as server:
        try:
            return server.own_subdirectory(data.name)
        except OutsideRoot:
            raise DataElsewhere(
                f"{data.name} of {data.parent.name} is a link, so its files are not in the server's folder. Move the "
                "folder that it leads to here, or bind-mount it here."
            ) from None


def open_data_in(directory: Path, inside: str) -> Root:
    """Hold the folder with a game's files, at ``inside`` below its server's; "" is that itself. As ``open_data``."""
    return open_data(directory / inside) if inside and "/" not in inside else _open_below(directory, inside)


def open_volume(volumes: Path, inside: str) -> Root:
    """Hold the folder of a volume at ``inside`` below the engine's own folder of volumes; the caller closes it.

    Raises:
        FileMissing: there is no such volume (yet).
        DataElsewhere: the engine's folder is not to be seen from here, a link is on the way, or something is mounted
            there: a volume of the same name may have been made anew, with options that mount any place at all.
    """
    try:
        top = Root(volumes)
    except (FileMissing, Forbidden):
        raise DataElsewhere("MC Admin does not see the engine's folder of volumes, where the files are.") from None
    with top:
        try:
            held = top.own_subdirectory(inside)
        except OutsideRoot:
            raise DataElsewhere("The folder of the volume is a link, which is not followed.") from None
        if not is_same_mount(top.fd, held.fd):
            held.close()
            raise DataElsewhere("Another place is mounted on the folder of the volume, which is not opened.")
        return held


def _open_below(directory: Path, inside: str) -> Root:
    with open_server(directory) as server:
        try:
            return server.own_subdirectory(inside)
        except OutsideRoot:
            message = f"{inside} of {directory.name} is, or is reached by, a link, which is not followed."
            raise DataElsewhere(message) from None


def folder_is_a_link(name: str) -> str:
    """Say what is wrong with a server whose folder is a link, and what to do."""
    return (
        f"The folder of {name} is a link, which is not followed. Stop the server, then move the folder that it leads "
        "to here, or bind-mount it here."
    )
