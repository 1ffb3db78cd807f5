"""``make load-cut-off``: downloads, uploads and sockets cut off at random moments; writes docs/reports/cut-off.md."""

import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from core import heap
from testing import transfers
from testing.panel import MASTER, Panel, running_panel

TIMES = 2000
ROUNDS = 2  # memory that the second takes as well would be a leak; the first fills what the allocator keeps
AT_ONCE = 8
LONGEST_S = 0.15  # from the request to the cut
SETTLE_S = 10.0
QUIET_S, IDLE_THREADS = 180.0, 20
WARM = 200
REPORT = Path(__file__).resolve().parents[1] / "docs" / "reports" / "cut-off.md"
AUTH = f"Host: localhost\r\nAuthorization: Bearer {MASTER}\r\n"
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)


@dataclass(frozen=True, slots=True)
class Held:
    """What the panel's process holds."""

    descriptors: int
    of_data: int
    threads: int
    resident_mib: float

    def __str__(self) -> str:
        return (
            f"{self.descriptors} descriptors ({self.of_data} of the servers' files), {self.threads} threads, "
            f"{self.resident_mib:.0f} MiB"
        )


def held(panel: Panel) -> Held:
    """Read it from /proc."""
    assert panel.process is not None
    proc = Path(f"/proc/{panel.process.pid}")
    places = []
    for number in os.listdir(proc / "fd"):
        try:
            places.append(os.readlink(proc / "fd" / number))
        except FileNotFoundError:  # closed meanwhile
            continue
    fields = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    of_data = sum(place.startswith(str(panel.servers / "s")) for place in places)
    return Held(len(places), of_data, int(fields["Threads"]), int(fields["VmRSS"].split()[0]) / 1024)


def requests() -> dict[str, Callable[[], bytes]]:
    """Return what is sent, by what it is."""
    def get(path: str, more: str = "") -> bytes:
        return f"GET {path} HTTP/1.1\r\n{AUTH}{more}\r\n".encode()

    body = transfers.HEAD + os.urandom(512 * 1024)
    upload = (
        f"POST /api/servers/s/files/upload?path=/&overwrite=true HTTP/1.1\r\n{AUTH}Content-Type: multipart/form-data; "
        f"boundary={transfers.BOUNDARY.decode()}\r\nContent-Length: {8 * transfers.MIB}\r\n\r\n"
    ).encode()
    return {
        "downloads": lambda: get("/api/servers/s/files/download?path=/small"),
        "zips": lambda: get("/api/servers/s/files/download?path=/"),
        "odd ranges": lambda: get("/api/servers/s/files/download?path=/small", f"Range: bytes={'9' * 4301}-\r\n"),
        "uploads": lambda: upload + body,
        "sockets": lambda: get(f"/api/servers/s/console?token={MASTER}", UPGRADE),
    }


def cut(address: tuple[str, int], content: bytes, chance: random.Random) -> None:
    """Send it, wait for a moment, and go without a word; half of the time rudely, by a reset."""
    with socket.create_connection(address, timeout=10) as line:
        try:
            line.sendall(content)
            end = time.monotonic() + chance.uniform(0, LONGEST_S)
            if chance.random() < 0.5:  # otherwise we are deaf, and the panel waits to send more
                line.settimeout(max(0.001, end - time.monotonic()))
                line.recv(65536)
            time.sleep(max(0.0, end - time.monotonic()))
        except OSError:
            pass
        if chance.random() < 0.5:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def run(panel: Panel, content: bytes, times: int) -> None:
    url = urlsplit(panel.url)
    address = (str(url.hostname), int(url.port or 0))
    seeds = threading.local()

    def one(number: int) -> None:
        if not hasattr(seeds, "chance"):
            seeds.chance = random.Random(number)  # noqa: S311 - moments, no secrets
        cut(address, content, seeds.chance)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(times)))


def settled(panel: Panel) -> Held:
    """Wait for what is still under way, and read."""
    end = time.monotonic() + SETTLE_S
    found = held(panel)
    while found.of_data and time.monotonic() < end:
        time.sleep(0.2)
        found = held(panel)
    time.sleep(1.0)
    return held(panel)


def wait_until_quiet(panel: Panel) -> float:
    """Wait until no request is under way, QUIET_S at most; return how long that took."""
    began = time.monotonic()
    while held(panel).threads > IDLE_THREADS and time.monotonic() < began + QUIET_S:
        time.sleep(0.5)
    return time.monotonic() - began


def main() -> None:
    """Cut off, print and write the report."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    lines = []
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel:
        transfers.prepare(panel)
        wanted = {what: make() for what, make in requests().items()}
        for content in wanted.values():
            run(panel, content, min(times, WARM))  # threads and caches are there once for all
        time.sleep(heap.EVERY_S + 2)
        lines.append(f"at the beginning: {settled(panel)}")
        print(lines[-1], flush=True)
        for number in range(1, ROUNDS + 1):
            for what, content in wanted.items():
                run(panel, content, times)
                most = held(panel).threads
                lines.append(f"round {number}, after {times} {what}: {settled(panel)}; {most} threads before")
                print(lines[-1], flush=True)
            quiet = wait_until_quiet(panel)
            time.sleep(heap.EVERY_S + 2)
            lines.append(f"round {number}, at its end, {quiet:.0f} s until nothing was under way: {held(panel)}")
            print(lines[-1], flush=True)
        errors = (Path(folder) / "stderr").read_text().count("Traceback")
        lines.append(f"tracebacks: {errors}")
        print(lines[-1])
        with panel.client() as client:
            assert client.get("/servers/").status_code == 200
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    head = (
        f"# Cut off\n\nWritten by `make load-cut-off`, {when}. A real `manage.py serve`; {AT_ONCE} connections at "
        f"once, each cut at a random moment up to {LONGEST_S * 1000:.0f} ms after its request, half of them by a "
        f"reset. After each round, {heap.EVERY_S + 2:.0f} s of quiet for free memory to be given back. All is done "
        "twice: what the second round adds would be lost.\n\n"
    )
    REPORT.write_text(head + "".join(f"- {line}\n" for line in lines))


if __name__ == "__main__":
    main()
