"""A second Docker engine for whoever must stop, restart or kill one."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from testbed.tests.support import TESTBED


class PrivateEngine:
    """A second engine, which a test may end and restart."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mca"))
        self.host = f"unix://{self.folder}/docker.sock"

    def order(self, verb: str) -> None:
        subprocess.run([TESTBED / "private_engine.sh", verb, self.folder], check=True, capture_output=True)

    def docker(self, *argv: str, check: bool = True) -> str:
        """Run one command on it and return what it printed."""
        done = subprocess.run(
            ["docker", "--host", self.host, *argv], check=check, capture_output=True, text=True
        )
        return done.stdout

    def take_image(self, name: str) -> None:
        """Copy an image of the machine's own engine."""
        with subprocess.Popen(["docker", "save", name], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "--host", self.host, "load"], stdin=saved.stdout, check=True, capture_output=True
            )
        assert saved.returncode == 0


@contextmanager
def private_engine() -> Iterator[PrivateEngine]:
    """An engine that runs, taken down with all that it has."""
    one = PrivateEngine()
    one.order("start")
    try:
        yield one
    finally:
        one.order("stop")
        rmtree(one.folder, ignore_errors=True)
