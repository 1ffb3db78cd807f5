"""Start a program as deploy/mcadmin.service would, where no systemd runs: ``python unit.py FOLDER -- PROGRAM …``.

Done as systemd does it: what is hidden, read-only and private of the file system, capabilities, no new privileges,
memory that is never written and executed both, the limits. Not done: its filters of system calls, and TasksMax.
FOLDER stands for everything that the unit may write.
"""

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).resolve().parents[1] / "mcadmin.service"
_MDWE, _REFUSE_EXEC_GAIN = 65, 1  # prctl(2), Linux 6.3


def settings() -> dict[str, list[str]]:
    """Return the words of each key of the unit, of all its lines."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        key, is_setting, value = line.partition("=")
        if is_setting and not line.startswith(("#", "[")):
            found.setdefault(key, []).extend(value.split())
    return found


def mount(*argv: str) -> None:
    subprocess.run(["mount", *argv], check=True)


def hide(path: Path, scratch: Path) -> None:
    """Put something empty in its place that nobody may open."""
    mount("--bind", str(scratch / ("folder" if path.is_dir() else "file")), str(path))


def main(folder: str, *argv: str) -> None:
    """Confine this process, in mounts of its own already, and become the program."""
    unit = settings()
    writable = [folder, *(path.lstrip("-") for path in unit["ReadWritePaths"])]
    for path in writable:
        if os.path.isdir(path):
            mount("--bind", path, path)
    for path in ("/tmp", "/var/tmp"):  # PrivateTmp
        mount("-t", "tmpfs", "private", path)
    scratch = Path("/tmp/hidden")
    scratch.mkdir()
    (scratch / "folder").mkdir(mode=0)
    (scratch / "file").touch(mode=0)
    for path in unit["InaccessiblePaths"]:
        if (place := Path(path.lstrip("-"))).exists():
            hide(place, scratch)
    mount("-o", "remount,bind,ro", "/")
    os.umask(int(unit["UMask"][0], 8))
    most = min(int(unit["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if unit["MemoryDenyWriteExecute"] == ["yes"]:
        ctypes.CDLL(None).prctl(_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0)
    kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in unit["CapabilityBoundingSet"])
    rules = [f"--bounding-set=-all,{kept}", "--inh-caps=-all", "--no-new-privs"]
    os.execvp("setpriv", ["setpriv", *rules, *argv])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1], *sys.argv[3:])
