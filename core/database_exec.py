"""Open a copy of a SQLite database, finish what was under way in it, and tell whether it is sound.

    python -I -S database_exec.py FILE

A script of its own, because the file is whatever a game made of it: SQLite reads it in a process with bounds, which the
kernel keeps to the file's folder where it can. Prints ``ok``, or what is wrong.
"""

import importlib
import os
import resource
import sqlite3
import sys

MAX_MEMORY_BYTES = 1024**3
MAX_CPU_S = 600
MAX_FILE_BYTES = 512 * 1024**2  # a journal may say that its file was of any size, and SQLite makes it so
# A collation or function of the program's own is in no index that a quick check looks at.
SETTINGS = (
    "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY",
    "ignore_check_constraints = ON",  # what a program demands of its rows; to work it out for each can take hours
)
CHECKS = ("PRAGMA integrity_check(3)", "PRAGMA quick_check(3)")


def confine(folder: str) -> None:
    """Keep this process to ``folder``, as far as the kernel can."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    confined_exec = importlib.import_module("confined_exec")  # the neighbour of a script, of no package
    try:
        confined_exec.restrict([(confined_exec.WRITE, folder)])
    except OSError:
        return


def problem(file: str) -> str:
    """Return what is wrong with a database; empty when it is sound. The file is then complete without its log."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        for setting in SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        found = _check(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return "" if found == ["ok"] else "; ".join(found)


def _check(connection: sqlite3.Connection) -> list[str]:
    for check in CHECKS:
        try:
            return [str(row[0]) for row in connection.execute(check)]
        except sqlite3.OperationalError as error:
            found = [str(error)]
    return found


def main(file: str) -> None:
    """Do what the command line says."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    confine(os.path.dirname(file))
    try:
        said = problem(file) or "ok"
    except (sqlite3.Error, MemoryError) as error:
        said = str(error) or type(error).__name__
    print(said.replace("\n", " ")[:300])  # noqa: T201 - its answer


if __name__ == "__main__":
    main(sys.argv[1])
