"""Directories full of odd things, and disks full of anything."""

import os
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from servers.tests.conftest import write_server
from testing.panel import running_panel

pytestmark = pytest.mark.process

MIB = 1024 * 1024
MANY = 20_000


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, httpx.Client]]:
    """A server whose data holds 20,000 files and one of each odd thing."""
    with running_panel(tmp_path_factory.mktemp("odd")) as panel, panel.client() as client:
        data = write_server(panel.servers, "s") / "data"
        for number in range(MANY):
            (data / f"file{number:05}").touch()
        (data / "dangling").symlink_to("nowhere")
        (data / "out").symlink_to("/etc/passwd")
        (data / "in").symlink_to("file00000")
        os.mkfifo(data / "pipe")
        if os.geteuid() == 0:
            os.mknod(data / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        (data / os.fsdecode(b"not-utf8-\xff")).write_bytes(b"x")
        (data / "new\nline").touch()
        (data / "closed").mkdir(mode=0o000)
        with socket.socket(socket.AF_UNIX) as listener:
            here = os.getcwd()
            os.chdir(data)  # the path of a socket is short
            listener.bind("socket")
            os.chdir(here)
            yield data, client


def test_all_of_it_lists_in_one_answer(odd: tuple[Path, httpx.Client]) -> None:
    data, client = odd

    items = client.get("/servers/s/files", params={"path": "/"}).json()["items"]

    assert len(items) == len(os.listdir(data)) > MANY
    by_name = {item["name"]: item for item in items}
    assert (by_name["dangling"]["link"], by_name["out"]["link"], by_name["in"]["problem"]) == (True, True, None)
    for name in {"dangling", "out", "pipe", "socket", "device"} & set(by_name):
        assert by_name[name]["problem"], name
    assert by_name["not-utf8-\ufffd"]["raw_path"]
    assert by_name["closed"]["type"] == "directory"


@pytest.mark.parametrize("name", ["pipe", "socket", "device", "dangling", "out"])
def test_what_cannot_be_opened_says_so_at_once(odd: tuple[Path, httpx.Client], name: str) -> None:
    data, client = odd
    if os.path.lexists(data / name):
        for route in ("content", "download", "tail"):
            answer = client.get(f"/servers/s/files/{route}", params={"path": name}, timeout=10)
            assert answer.status_code == 400, answer.text


def test_a_directory_without_permission_has_no_items(tmp_path: Path) -> None:
    """As a user who is not root: root may read everything."""
    data = tmp_path / "data"
    (data / "closed").mkdir(parents=True)
    (data / "closed").chmod(0o000)
    for one in (data, tmp_path):
        one.chmod(0o755)
    asked = (
        "import os, sys\nfrom pathlib import Path\nfrom core.paths import Root\n"
        "from core.errors import Forbidden\n"
        "root = Root(Path('data'))\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print([one.name for one in root.entries('')])\n"
        "try: root.entries('closed')\nexcept Forbidden as error: print(error)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, env={"PYTHONPATH": os.getcwd()}, capture_output=True, text=True,
        check=True,
    )

    assert "['closed']" in done.stdout
    assert "does not let MC Admin use closed" in done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, httpx.Client]]:
    """A panel whose servers lie on a disk of 24 MiB."""
    (tmp_path / "servers").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", tmp_path / "servers"], check=True)
    try:
        with running_panel(tmp_path) as panel, panel.client() as client:
            yield write_server(panel.servers, "s") / "data", client
    finally:
        subprocess.run(["umount", "-l", tmp_path / "servers"], check=True)


def pieces(count: int) -> Iterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
    for _ in range(count):
        yield os.urandom(MIB)
    yield b"\r\n--x--\r\n"


@pytest.mark.docker  # stands for: this machine lets us mount
def test_a_full_disk_keeps_the_old_and_says_so(small_disk: tuple[Path, httpx.Client]) -> None:
    data, client = small_disk
    base = "/servers/s/files"
    (data / "motd.txt").write_bytes(b"old")
    with zipfile.ZipFile(data / "pack.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", b"1")
        archive.writestr("zeros", bytes(40 * MIB))
    (data / "filler").write_bytes(bytes(20 * MIB))
    before = sorted(os.listdir(data))
    kind = {"Content-Type": "multipart/form-data; boundary=x"}

    outcomes = {
        "write": client.post(f"{base}/content", params={"path": "motd.txt"}, json={"content": "x" * (5 * MIB - 1)}),
        "upload": client.post(f"{base}/upload?path=/", files={"file": ("big", bytes(8 * MIB))}),
        "upload of unknown length": client.post(f"{base}/upload?path=/", content=pieces(8), headers=kind),
        "copy": client.post(f"{base}/copy", json={"path": "filler", "target_path": "filler2"}),
        "extract": client.post(f"{base}/extract", json={"path": "pack.zip"}),
    }

    for name, answer in outcomes.items():
        assert answer.status_code == 507, f"{name}: {answer.text}"
        assert "room" in answer.json()["detail"] or "left" in answer.json()["detail"], name
    assert (data / "motd.txt").read_bytes() == b"old"
    assert sorted(os.listdir(data)) == before


@pytest.mark.docker  # stands for: this machine lets us mount
def test_a_piece_that_fills_the_disk_can_be_sent_again(small_disk: tuple[Path, httpx.Client]) -> None:
    data, client = small_disk
    content = os.urandom(8 * MIB)
    begun = client.post("/servers/s/files/uploads", json={"path": "/", "name": "big", "size": len(content)})
    address = f"/servers/s/files/uploads/{begun.json()['id']}"
    (data / "filler").write_bytes(bytes(20 * MIB))

    full = client.patch(address, params={"offset": 0}, content=content)
    (data / "filler").unlink()
    offset = client.get(address).json()["offset"]
    rest = client.patch(address, params={"offset": offset}, content=content[offset:])
    done = client.post(f"{address}/finish", json={})

    assert (full.status_code, rest.status_code, done.status_code) == (507, 200, 200)
    assert 0 < offset < len(content)
    assert (data / "big").read_bytes() == content
