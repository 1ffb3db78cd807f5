"""``make load-killed-backups``: SIGKILL to panel, restic and container in each step of a backup.

After each: saving is on again within 30 s of the panel's return, no restic is left behind, every snapshot that
claims to be flushed restores to a whole world, and the next backup is good.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench import torn_worlds
from bench.torn_worlds import ROOT, Bed
from testing.panel import FACTOR, wait_for

REPORT = ROOT / "docs" / "reports" / "killed-backups.md"
LIMIT_S = 30.0
FLUSH_S = 4.0
SLOW_KIB_S = 1500  # how fast restic may write: the copy takes seconds
BALLAST_BYTES = 8 * 1024 * 1024
HEAD = (
    "# Killed backups", "",
    "SIGKILL in each step of a backup of a running server (`make load-killed-backups`). After each kill the panel is",
    "started again where it was the victim; every snapshot that claims `flushed` is restored and its world verified.",
    "",
    "| victim | step | saving on again after | snapshots made | claim | torn among the flushed | next backup |",
    "|---|---|---|---|---|---|---|",
)


@contextlib.contextmanager
def slow_bed(folder: Path) -> Iterator[Bed]:
    """Make a bed with one server whose flush and whose copy take seconds."""
    slow = folder / "slow-restic"
    slow.write_text(
        f'#!/bin/sh\ncase " $* " in *" backup "*) set -- --limit-upload {SLOW_KIB_S} "$@";; esac\n'
        f'exec "{ROOT}/.tools/bin/restic" "$@"\n'
    )
    slow.chmod(0o755)
    knobs: dict[str, object] = {"TESTBED_FLUSH_S": FLUSH_S}
    with torn_worlds.bed(folder, servers=1, knobs=knobs, environment={"RESTIC__BINARY": str(slow)}) as bed:
        yield bed


def ballast(bed: Bed) -> None:
    """Give restic something new to write."""
    (bed.panel.servers / bed.names[0] / "data/ballast.bin").write_bytes(os.urandom(BALLAST_BYTES))


def restics(bed: Bed) -> list[psutil.Process]:
    """Find the running restics that belong to the bed's repository and back up."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "backup" in process.cmdline() and process.environ().get("RESTIC_REPOSITORY") == bed.repository:
                found.append(process)
    return found


def snapshot_files(bed: Bed) -> int:
    """Count the snapshots in the repository."""
    return len(list(Path(bed.repository, "snapshots").iterdir()))


def in_flush(bed: Bed, before: int) -> bool:
    """Tell whether the game has been asked to flush and has not confirmed."""
    del before
    return saving_is_off(bed) and not restics(bed)


def in_copy(bed: Bed, before: int) -> bool:
    """Restic copies."""
    del before
    return bool(restics(bed)) and bool(list(Path(bed.repository, "locks").iterdir()))


def after_copy(bed: Bed, before: int) -> bool:
    """Tell whether the snapshot is in the repository; saving is still off for a moment."""
    return snapshot_files(bed) > before


STEPS: dict[str, Callable[[Bed, int], bool]] = {"flush": in_flush, "copy": in_copy, "snapshot written": after_copy}


def saving_is_off(bed: Bed) -> bool:
    """Whether the panel says that a game's saving is off."""
    return bed.client.get("/snapshots/health").json()["servers"][0]["saving_is_off_since"] is not None


def kill(bed: Bed, victim: str) -> None:
    """Kill what the table says."""
    if victim == "panel":
        bed.panel.stop(with_signal=signal.SIGKILL)
    elif victim == "restic":
        for process in restics(bed):
            process.kill()
    else:
        subprocess.run(["docker", "kill", f"mc-{bed.names[0]}"], check=True, capture_output=True)


def cell(bed: Bed, victim: str, step: str) -> dict[str, Any]:
    """Kill ``victim`` in ``step`` of a backup and say what came of it."""
    ballast(bed)
    before = snapshot_files(bed)
    backup = threading.Thread(target=_back_up, args=(bed,))
    backup.start()
    end = time.monotonic() + 90 * FACTOR
    while not STEPS[step](bed, before):
        assert time.monotonic() < end, f"{step} never came"
        time.sleep(0.02)
    kill(bed, victim)
    if victim == "panel":
        bed.restart_panel()
    returned = time.monotonic()
    wait_for(lambda: saving_is_off(bed), lambda off: not off, limit_s=LIMIT_S)
    took = time.monotonic() - returned
    backup.join()
    if victim == "container":
        bed.client.post(f"/servers/{bed.names[0]}/operations", json={"action": "start"})
        wait_for(lambda: status(bed), lambda one: one == "HEALTHY", limit_s=60)
    answer = bed.client.post(f"/servers/{bed.names[0]}/rcon", json={"command": "save-on"}).json()["result"]
    assert "already turned on" in answer, answer
    wait_for(lambda: len(restics(bed)), lambda count: count == 0, limit_s=10)
    return _judge(bed, before, took)


def status(bed: Bed) -> str:
    """Return the server's status."""
    return str(bed.client.get(f"/servers/{bed.names[0]}/status").json()["status"])


def _back_up(bed: Bed) -> None:
    with contextlib.suppress(httpx.TransportError), bed.panel.client() as client:  # the panel may be the victim
        client.post(f"/servers/{bed.names[0]}/snapshots", json={})


def _judge(bed: Bed, before: int, took: float) -> dict[str, Any]:
    listed = bed.client.get(f"/servers/{bed.names[0]}/snapshots").json()["snapshots"]
    made = listed[before:]
    torn = [one["short_id"] for one in made if one["saved"] == "flushed" and bed.torn(bed.names[0], snapshot=one["id"])]
    following = bed.client.post(f"/servers/{bed.names[0]}/snapshots", json={})
    assert following.status_code == 200, following.text
    good = following.json()["snapshot"]
    return {
        "seconds": took, "made": len(made), "claims": [one["saved"] for one in made], "torn": torn,
        "next": good["saved"], "next_torn": bed.torn(bed.names[0], snapshot=good["id"]),
    }


def main() -> None:
    """Fill the table and write the report."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, slow_bed(Path(folder)) as bed:
        for victim in ("panel", "restic", "container"):
            for step in STEPS:
                if victim == "restic" and step != "copy":
                    continue  # it does not run then
                found = cell(bed, victim, step)
                claims = ", ".join(found["claims"]) or "—"
                following = f"{found['next']}, {'torn' if found['next_torn'] else 'whole'}"
                rows.append(
                    f"| {victim} | {step} | {found['seconds']:.1f} s | {found['made']} | {claims} "
                    f"| {len(found['torn'])} | {following} |"
                )
                print(rows[-1], flush=True)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text("\n".join([*HEAD, *rows, ""]))


if __name__ == "__main__":
    main()
