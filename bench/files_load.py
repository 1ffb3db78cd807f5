"""``make load-files``: 2 GiB up and down, slow and broken lines, races over HTTP; the report goes to docs/reports."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx

from core.tests.test_paths_race import CANARY, SWAPPER
from servers.tests.conftest import write_server
from testing import transfers
from testing.panel import Panel, running_panel, wait_for
from testing.transfers import MIB, Peak

GIB2 = 2048 * MIB
REPORT = Path(__file__).resolve().parents[1] / "docs" / "reports" / "files.md"
RACES = 10_000
SLOW_S = 30
ROUNDS = 3


def main() -> None:
    """Measure, print and write the report."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel:
        data = transfers.prepare(panel)
        large = transfers.make_file(Path(folder) / "large.bin", GIB2)
        for measured in (up_and_down, resumed, slow_reader, slow_writer, broken_off, race):
            for line in measured(panel, data, large):
                print(line, flush=True)
                lines.append(line)
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    head = f"# Files under load\n\nWritten by `make load-files`, {when}. A real `manage.py serve`, files of 2 GiB.\n\n"
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(head + "".join(f"- {line}\n" for line in lines))


def show() -> None:
    """Print how fast large bodies go up and down beside a copy to the disk."""
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel:
        data = transfers.prepare(panel)
        large = transfers.make_file(Path(folder) / "large.bin", 512 * MIB)
        up, down, grew_up, grew_down = ratios(panel, data, large, rounds=ROUNDS)
    print(f"upload of 512 MiB    {up:6.2f} x a copy to the disk, memory +{grew_up / MIB:.1f} MiB")
    print(f"download of 512 MiB  {down:6.2f} x a copy to the disk, memory +{grew_down / MIB:.1f} MiB")


def ratios(panel: Panel, data: Path, large: Path, *, rounds: int) -> tuple[float, float, int, int]:
    """Return the speed of upload and download in copies (each beside a copy to the disk), and the memory they took."""
    up, down, grew_up, grew_down = [], [], 0, 0
    for _ in range(rounds):
        plain = transfers.timed(lambda: transfers.copy(large, data / "copy.bin"))
        peak = Peak(panel)
        up.append(plain / transfers.timed(lambda: transfers.upload(panel, large)))
        grew_up = max(grew_up, peak.growth())
        peak = Peak(panel)
        down.append(plain / transfers.timed(lambda: transfers.download(panel, "/up.bin")))
        grew_down = max(grew_down, peak.growth())
    return sorted(up)[rounds // 2], sorted(down)[rounds // 2], grew_up, grew_down


def up_and_down(panel: Panel, data: Path, large: Path) -> Iterator[str]:
    up, down, grew_up, grew_down = ratios(panel, data, large, rounds=ROUNDS)
    same = transfers.sha256(data / "up.bin") == transfers.sha256(large)
    plain = f"x the speed of a copy to the disk (median of {ROUNDS})"
    yield f"upload of 2 GiB: {up:.2f} {plain}, memory +{grew_up / MIB:.1f} MiB, {'same' if same else 'OTHER'} content"
    yield f"download of 2 GiB: {down:.2f} {plain}, memory +{grew_down / MIB:.1f} MiB"


def resumed(panel: Panel, data: Path, large: Path) -> Iterator[str]:
    peak = Peak(panel)
    proven = transfers.resume(panel, large, piece=300 * MIB)
    is_right = proven == transfers.sha256(large) == transfers.sha256(data / "resumed.bin")
    yield f"2 GiB in pieces, one broken off: hash {'right' if is_right else 'WRONG'}, +{peak.growth() / MIB:.1f} MiB"


def slow_reader(panel: Panel, data: Path, large: Path) -> Iterator[str]:  # noqa: ARG001 - all have one signature
    peak = Peak(panel)
    with transfers.connection(panel) as link:
        link.sendall(transfers.request_head(panel, "GET", "/servers/s/files/download?path=/up.bin", 0))
        for _ in range(SLOW_S * 10):
            link.recv(MIB // 10)
            time.sleep(0.1)
    yield f"download at 1 MiB/s for {SLOW_S} s: +{peak.growth() / MIB:.1f} MiB"


def slow_writer(panel: Panel, data: Path, large: Path) -> Iterator[str]:
    peak = Peak(panel)
    with transfers.connection(panel) as link, large.open("rb") as file:
        link.sendall(transfers.request_head(panel, "POST", "/servers/s/files/upload?path=/slow", GIB2) + transfers.HEAD)
        for _ in range(SLOW_S * 10):
            link.sendall(file.read(MIB // 10))
            time.sleep(0.1)
    wait_for(lambda: transfers.open_files(panel, data), lambda found: found == [], limit_s=10)
    left = os.listdir(data / "slow")
    yield f"upload at 1 MiB/s for {SLOW_S} s, then broken off: +{peak.growth() / MIB:.1f} MiB, left {left}"


def broken_off(panel: Panel, data: Path, large: Path) -> Iterator[str]:
    before = sorted(os.listdir(data))
    with transfers.connection(panel) as link, large.open("rb") as file:
        link.sendall(transfers.request_head(panel, "POST", "/servers/s/files/upload?path=/", GIB2) + transfers.HEAD)
        link.sendfile(file, count=GIB2 // 2)
    wait_for(lambda: transfers.open_files(panel, data), lambda found: found == [], limit_s=30)
    left = sorted(set(os.listdir(data)) - set(before))
    yield f"upload of 2 GiB broken off at 50 %: left {left}, open files 0"


def race(panel: Panel, data: Path, large: Path) -> Iterator[str]:  # noqa: ARG001 - all have one signature
    inside = write_server(panel.servers, "a") / "data"
    outside = write_server(panel.servers, "ab") / "data"
    (inside / "swap").mkdir()
    (inside / "swap" / "file").write_bytes(b"inside")
    (outside / "file").write_bytes(CANARY)
    (inside / "link").symlink_to("../../ab/data")
    swapper = subprocess.Popen([sys.executable, "-c", SWAPPER, str(inside)])
    done = refused = leaked = failed = 0
    try:
        with panel.client() as client:
            for number in range(RACES):
                answer = racing(client, number)
                done, refused = done + (answer.status_code < 400), refused + (answer.status_code >= 400)
                failed += answer.status_code >= 500
                leaked += CANARY in answer.content
    finally:
        swapper.kill()
        swapper.wait()
    changed = {one.name: one.read_bytes() for one in outside.iterdir()} != {"file": CANARY}
    counts = f"{done:,} done, {refused:,} refused, {failed} failed with 5xx, {leaked} read the canary"
    yield f"{RACES:,} requests against a swapped link: {counts}, outside {'CHANGED' if changed else 'as it was'}"


def racing(client: httpx.Client, number: int) -> httpx.Response:
    """One request of each kind in turn."""
    base = "/servers/a/files"
    kinds: list[Callable[[], httpx.Response]] = [
        lambda: client.get(f"{base}/content", params={"path": "/swap/file"}),
        lambda: client.post(f"{base}/content", params={"path": "/swap/file"}, json={"content": "inside"}),
        lambda: client.get(base, params={"path": "/swap"}),
        lambda: client.post(f"{base}/upload?path=/swap&overwrite=1", files={"file": ("new", b"inside")}),
        lambda: client.get(f"{base}/download", params={"path": "/swap/file"}),
        lambda: client.delete(base, params={"path": "/swap/new"}),
        lambda: client.post(f"{base}/copy", json={"path": "/swap/file", "target_path": f"/copy{number}"}),
        lambda: client.post(f"{base}/create", json={"path": "/swap", "name": f"n{number}", "type": "file"}),
    ]
    return kinds[number % len(kinds)]()


if __name__ == "__main__":
    main()
