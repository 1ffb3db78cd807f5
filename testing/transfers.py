"""Large bodies to and from a panel, and what they cost it: small ones in tests, 2 GiB in the load."""

import hashlib
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from servers.tests.conftest import write_server
from testing.panel import MASTER, Panel

MIB = 1024 * 1024
BOUNDARY = b"----a-boundary"
HEAD = (
    b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="up.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
TAIL = b"\r\n--" + BOUNDARY + b"--\r\n"


def prepare(panel: Panel) -> Path:
    """Make a server ``s``, pay for what is paid once, and return its data."""
    data = write_server(panel.servers, "s") / "data"
    (data / "small").write_bytes(os.urandom(4 * MIB))
    with panel.client() as client:
        for _ in range(3):
            client.get("/servers/s/files/download", params={"path": "/small"})
            with (data / "small").open("rb") as file:
                client.post("/servers/s/files/upload?path=/&overwrite=true", files={"file": ("warm", file)})
    return data


def make_file(path: Path, size: int) -> Path:
    """Write ``size`` bytes that no file system can leave out."""
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(size // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Peak:
    """How much more resident memory the panel had at its peak than at the beginning, in bytes."""

    def __init__(self, panel: Panel) -> None:
        assert panel.process is not None
        self._pid = panel.process.pid
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")  # the peak begins anew
        self._before = self._read("VmRSS")

    def growth(self) -> int:
        return self._read("VmHWM") - self._before

    def _read(self, name: str) -> int:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(name)


def open_files(panel: Panel, folder: Path) -> list[str]:
    """What the panel holds open below ``folder``, files without a name included."""
    assert panel.process is not None
    found = []
    for fd in os.listdir(f"/proc/{panel.process.pid}/fd"):
        try:
            target = os.readlink(f"/proc/{panel.process.pid}/fd/{fd}")
        except OSError:
            continue
        if target.startswith(str(folder)):
            found.append(target)
    return found


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def copy(source: Path, target: Path) -> None:
    """The plain alternative: what ``cp`` does, to the disk, as an upload is."""
    with source.open("rb") as old, target.open("wb") as new:
        shutil.copyfileobj(old, new, MIB)
        new.flush()
        os.fsync(new.fileno())


def upload(panel: Panel, path: Path) -> None:
    """Upload with a client that does nothing else."""
    size = path.stat().st_size
    with connection(panel) as link, path.open("rb") as file:
        link.sendall(request_head(panel, "POST", "/servers/s/files/upload?path=/&overwrite=true", size))
        link.sendall(HEAD)
        link.sendfile(file)
        link.sendall(TAIL)
        assert b" 200 " in link.recv(65536).split(b"\r\n")[0]


def download(panel: Panel, path: str) -> int:
    """Download and throw away; return how many bytes came."""
    count = 0
    with panel.client() as client, client.stream("GET", "/servers/s/files/download", params={"path": path}) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw(MIB):
            count += len(piece)
    return count


def connection(panel: Panel) -> socket.socket:
    address = urlsplit(panel.url)
    link = socket.create_connection((address.hostname, address.port))
    link.settimeout(120)
    return link


def request_head(panel: Panel, method: str, path: str, size: int) -> bytes:
    """The head of a request with a multipart body around ``size`` bytes."""
    length = f"Content-Length: {len(HEAD) + size + len(TAIL)}\r\n" if method == "POST" else ""
    kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n" if method == "POST" else ""
    return (
        f"{method} /api{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {MASTER}\r\n{length}{kind}\r\n"
    ).encode()


def resume(panel: Panel, path: Path, *, piece: int) -> str:
    """Upload in pieces, one of them broken off in its middle, and return the hash that the panel proved."""
    size = path.stat().st_size
    with panel.client() as client, path.open("rb") as file:
        body = {"path": "/", "name": "resumed.bin", "size": size, "sha256": sha256(path), "overwrite": True}
        where = str(client.post("/servers/s/files/uploads", json=body).raise_for_status().json()["id"])
        address = f"/servers/s/files/uploads/{where}"
        break_off(panel, address, file.read(piece // 2), promised=piece)
        offset = settled_offset(client, address)
        while offset < size:
            file.seek(offset)
            sent = client.patch(address, params={"offset": offset}, content=file.read(piece))
            offset = int(sent.raise_for_status().json()["offset"])
        return str(client.post(f"{address}/finish", json={}).raise_for_status().json()["sha256"])


def break_off(panel: Panel, address: str, content: bytes, *, promised: int) -> None:
    """Send less than was promised, and leave."""
    with connection(panel) as link:
        head = f"PATCH /api{address}?offset=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {MASTER}\r\n"
        link.sendall(f"{head}Content-Length: {promised}\r\n\r\n".encode() + content)


def settled_offset(client: httpx.Client, address: str) -> int:
    """Wait until nobody writes to the upload any more, and return its offset."""
    while True:
        offset = int(client.get(address).raise_for_status().json()["offset"])
        probe = client.patch(address, params={"offset": offset}, content=b"")
        if probe.status_code == 200:
            return int(probe.json()["offset"])
        time.sleep(0.05)
