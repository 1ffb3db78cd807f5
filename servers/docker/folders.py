"""A server's folder and its data, held open and never reached through a link. Blocking.

Nobody but this module opens either (a lint test holds it). Whoever writes there may be hostile: a game makes what it
likes of its own files, and a restore brings them back. A link in place of one of these folders would lead every
reader and writer of the panel, which runs as root, to any place of the machine.
"""

from pathlib import Path

from mcadmin.core.errors import Conflict
from mcadmin.core.paths import OutsideRoot, Root

DATA = "data"


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


def folder_is_a_link(name: str) -> str:
    """Say what is wrong with a server whose folder is a link, and what to do."""
    return (
        f"The folder of {name} is a link, which is not followed. Stop the server, then move the folder that it leads "
        "to here, or bind-mount it here."
    )
