"""A restore by ``manage.py`` that is killed at a given step; started as a process by ``restore_deaths``.

Every change that core/paths makes to the disk counts as a step: before step DIE_AT the process kills itself.
DIE_WHEN names a restic verb instead: as soon as that restic runs, DIE_WHO is killed (``panel`` or ``restic``).
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.core.management import CommandError, call_command

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = ("mkdir", "link", "unlink", "rmdir", "rename", "fchown", "fchmod", "utime", "fsync")
_count = 0


def hook(owner: Any, name: str) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def counted(*args: Any, **options: Any) -> Any:
        global _count  # noqa: PLW0603 - one process, one count
        if "core/paths" in sys._getframe(1).f_code.co_filename:
            _count += 1
            shown = [str(one) for one in args if isinstance(one, str)]
            with Path(os.environ["STEPS_FILE"]).open("a") as log:
                log.write(f"{_count} {name} {' '.join(shown)}\n")
            if _count == int(os.environ.get("DIE_AT", "0")):
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)

    setattr(owner, name, counted)


def watch(verb: str, who: str) -> None:
    """Kill as soon as a restic child with this verb runs, and has had a moment to begin."""
    while True:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if verb in words and "restic" in words[0] and parent == os.getpid():
                time.sleep(0.15)
                os.kill(os.getpid() if who == "panel" else int(folder.name), signal.SIGKILL)
                return
        time.sleep(0.005)


def main() -> None:
    django.setup()
    from core.paths import rename

    for name in STEPS:
        hook(os, name)
    hook(rename, "_renameat2")
    if verb := os.environ.get("DIE_WHEN"):
        threading.Thread(target=watch, args=(verb, os.environ["DIE_WHO"]), daemon=True).start()
    try:
        call_command("snapshot", "restore", *sys.argv[1:])
    except CommandError as error:
        sys.exit(f"CommandError: {error}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcadmin.settings")
    main()
