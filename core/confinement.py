"""What a program that we start may open, for programs that walk by path what a game can change under their feet.

A game can put a link in the place of a folder between a program's look and its step. The program then stands in a
folder of the machine's own, with our rights. Checking before cannot help; the kernel has to refuse, by two means:

landlock    The program opens, makes and removes what lies below named folders and nothing else, wherever a link leads
            (Linux 5.13, no rights needed). Looking at a name (stat, readlink) and changing owner, mode and times
            are beyond it.
mounts      In mounts of its own the program follows no link in server data at all (Linux 5.10, needs CAP_SYS_ADMIN).

Both are used where both are there: each covers what the other leaves open.
"""

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core import process
from core.confined_exec import COPY, DATA_READ, DATA_WRITE, EXECUTE, INSTEAD_OF, LANDLOCK, MOUNTS, READ, WRITE

PROBE_TIMEOUT_S = 20.0
NOT_CONFINED = (
    "The kernel offers neither Landlock nor private mounts here, so restic cannot be confined: a game that puts links "
    "in the place of folders while it is saved or restored can have files of this machine copied or overwritten."
)
_LAUNCHER = Path(__file__).with_name("confined_exec.py")
_known: list[frozenset[str]] = []  # what the kernel offers does not change while we run


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """What a program may open; paths are absolute, what is not there is passed over.

    Attributes:
        read, write, execute: files and folders of the machine with all that is in them; links to them are followed.
        data_read, data_write: folders that games can change inside. No component of their paths is a link, nor can
            any be changed by a game. What is written must be there.
        instead: files that the program sees in the place of others, by these; it needs the means ``mounts``.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    execute: tuple[Path, ...] = ()
    data_read: tuple[Path, ...] = ()
    data_write: tuple[Path, ...] = ()
    instead: Mapping[Path, Path] = field(default_factory=dict)

    def prefix(self, means: Collection[str]) -> tuple[str, ...]:
        """Return the words to put before a program's own; none without ``means``.

        The program does not start, and CANNOT_CONFINE is the exit code, when one of the means fails.
        """
        if not means:
            return ()
        rules = {
            READ: self.read, WRITE: self.write, EXECUTE: self.execute,
            DATA_READ: self.data_read, DATA_WRITE: self.data_write,
        }
        words = [f"{kind}={path}" for kind, paths in rules.items() for path in paths]
        for path, copy in self.instead.items():
            words += [f"{COPY}={copy}", f"{INSTEAD_OF}={path}"]
        return (sys.executable, "-I", "-S", str(_LAUNCHER), ",".join(sorted(means)), *words, "--")


async def available() -> frozenset[str]:
    """Return the means that work here, of LANDLOCK and MOUNTS: tried once, in a process that ends then.

    Raises:
        AppError: the attempt itself failed, so that nothing is known. Do not start the program then.
    """
    if not _known:
        said = await process.run(sys.executable, "-I", "-S", str(_LAUNCHER), "probe", timeout_s=PROBE_TIMEOUT_S)
        _known.append(frozenset(said.strip().split(",")) & {LANDLOCK, MOUNTS})
    return _known[0]
