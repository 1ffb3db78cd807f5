"""A PostgreSQL server of a test's own: a cluster in a scratch folder, on a loopback port, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"  # root may not run a PostgreSQL server; Debian's package makes this user


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL on this machine, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: int(one.parts[4]))
    return found[-1].parent if found else None


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the ``database_url`` of an empty database: the one that every cluster begins with."""
    binaries = programs()
    assert binaries is not None, "testbed/up.sh installs postgresql"
    with tempfile.TemporaryDirectory(prefix="mcadmin-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        _as_user([binaries / "initdb", "--auth=trust", "--no-sync", "--encoding=UTF8", "-D", folder / "data"])
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        control = [binaries / "pg_ctl", "-D", folder / "data"]
        _as_user([*control, "-w", "-l", folder / "log", "-o", options, "start"])
        try:
            user = USER if os.geteuid() == 0 else os.environ.get("USER", "root")
            yield f"postgres://{user}@127.0.0.1:{port}/postgres"
        finally:
            _as_user([*control, "-m", "immediate", "stop"])


def _as_user(argv: Sequence[object]) -> None:
    prefix = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*prefix, *map(str, argv)], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
