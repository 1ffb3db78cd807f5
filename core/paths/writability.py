"""Whether the user who owns a directory can write all that lies in it."""

import os
import stat

from core.paths.root import Root
from core.paths.trees import Node, walk

MAX_ENTRIES = 300_000


def unwritable(root: Root, *, at_most: int) -> list[str]:
    """Name the first ``at_most`` files and directories that the owner of ``root`` may not write; links are left out.

    A server runs as the owner of its ``data/``. Root may write everything. Looks at MAX_ENTRIES entries.

    Raises:
        Forbidden: we ourselves may not look.
    """
    found: list[str] = []
    uid, gid = root.owner
    if uid == 0:
        return found
    if not _may_write(os.fstat(root.fd), uid, gid):
        found.append(".")
    for number, node in enumerate(walk(root, unreadable=lambda _: None)):
        if len(found) >= at_most or number >= MAX_ENTRIES:
            break
        if not _is_fine(node, uid, gid):
            found.append(node.path)
    return found[:at_most]


def _is_fine(node: Node, uid: int, gid: int) -> bool:
    return not (node.is_directory or node.is_file) or _may_write(node.info, uid, gid)


def _may_write(info: os.stat_result, uid: int, gid: int) -> bool:
    wanted = 0o3 if stat.S_ISDIR(info.st_mode) else 0o2
    shift = 6 if info.st_uid == uid else 3 if info.st_gid == gid else 0
    return (info.st_mode >> shift) & wanted == wanted
