"""All work on files below a server's directory, relative to a directory that is held open.

No other module opens server data: a plugin inside a container writes to the same tree and may turn
any name into a link between two of our steps. Here each step is taken from a descriptor, and the
kernel (``openat2`` with RESOLVE_BENEATH, or our walk where it is missing) keeps it beneath the root.

The one ``__init__`` with code: callers need not know which of the files inside holds what.
"""

from core.paths.beneath import (
    DiskFailed,
    FileExists,
    FileMissing,
    NotAFile,
    OutsideRoot,
    PathBusy,
    explained,
    file_name,
    is_directory,
    is_link,
    open_beneath,
    path_of,
    printable,
    raw_path_of,
    valid_name,
)
from core.paths.copy_missing import Carried, copy_missing
from core.paths.copying import copy
from core.paths.file_info import Stamp, disk_space, is_settled, place_inside, real_path, stamp
from core.paths.holes import hole_bytes
from core.paths.links import Link, TreeLinks, find_links, place_of_link, read_link
from core.paths.listing import Page, list_directories, list_holding, list_links, names_in, page
from core.paths.mounts import is_same_mount, mount_points_at_or_below, sync_file_system
from core.paths.new_file import NewFile
from core.paths.places import MountPoint, Place, place_of_mount, places, read_mounts
from core.paths.privileged import is_open_to_others, is_within_reach, missing_mount_options, privileged, restrict
from core.paths.rename import OtherFileSystem, exchange, move, rename_beneath
from core.paths.root import Entry, Root
from core.paths.trees import Node, TooDeep, count_entries, delete, tree_size_bytes, walk
from core.paths.writability import unwritable

__all__ = [
    "Carried",
    "DiskFailed",
    "Entry",
    "FileExists",
    "FileMissing",
    "Link",
    "MountPoint",
    "NewFile",
    "Node",
    "NotAFile",
    "OtherFileSystem",
    "OutsideRoot",
    "Page",
    "PathBusy",
    "Place",
    "Root",
    "Stamp",
    "TooDeep",
    "TreeLinks",
    "copy",
    "copy_missing",
    "count_entries",
    "delete",
    "disk_space",
    "exchange",
    "explained",
    "file_name",
    "find_links",
    "hole_bytes",
    "is_directory",
    "is_link",
    "is_open_to_others",
    "is_same_mount",
    "is_settled",
    "is_within_reach",
    "list_directories",
    "list_holding",
    "list_links",
    "missing_mount_options",
    "mount_points_at_or_below",
    "move",
    "names_in",
    "open_beneath",
    "page",
    "path_of",
    "place_inside",
    "place_of_link",
    "place_of_mount",
    "places",
    "printable",
    "privileged",
    "raw_path_of",
    "read_link",
    "read_mounts",
    "real_path",
    "rename_beneath",
    "restrict",
    "stamp",
    "sync_file_system",
    "tree_size_bytes",
    "unwritable",
    "valid_name",
    "walk",
]
