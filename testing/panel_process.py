"""The panel as a process of its own, as an operator starts it."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
START_LIMIT_S = 30.0 * float(os.environ.get("MCADMIN_TIME_FACTOR", "1"))
END_LIMIT_S = 40.0


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a panel whose every file is in ``folder``."""
    (folder / "servers").mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MC_ADMIN_CONFIG": str(folder / "config.toml"),
        "MC_ADMIN_ENV": str(folder / "absent.env"),
        "PYTHONUNBUFFERED": "1",
    }


def manage(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *argv],
        cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60, check=False,
    )


class Panel:
    """``manage.py serve`` on a free port; a context manager that ends it."""

    def __init__(self, folder: Path) -> None:
        self.output: list[str] = []
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "serve", "--port", "0"],
            cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def address(self) -> str:
        """Where it answers; waits until it does."""
        assert self._ready.wait(START_LIMIT_S), "".join(self.output)
        found = re.search(r"answers on (http://\S+)", "".join(self.output))
        assert found, "".join(self.output)
        return found[1]

    def end(self) -> int:
        """Send SIGTERM and return the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(END_LIMIT_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output.append(line)
            if "answers on" in line:
                self._ready.set()
        self._ready.set()
