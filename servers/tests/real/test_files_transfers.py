"""Uploads and downloads on a panel as its users have it: what they cost, and what is left when they break off."""

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing import transfers
from testing.panel import Panel, running_panel, wait_for
from testing.transfers import MIB, Peak

pytestmark = pytest.mark.process

SIZE = 128 * MIB
MOST_GROWTH = 20 * MIB


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("transfers")) as running:
        transfers.prepare(running)
        yield running


@pytest.fixture
def data(panel: Panel) -> Path:
    return panel.servers / "s" / "data"


@pytest.fixture
def large(panel: Panel) -> Path:
    path = panel.folder / "large.bin"
    return path if path.exists() else transfers.make_file(path, SIZE)


def test_an_upload_costs_no_memory(panel: Panel, data: Path, large: Path) -> None:
    peak = Peak(panel)

    transfers.upload(panel, large)

    assert peak.growth() < MOST_GROWTH
    assert transfers.sha256(data / "up.bin") == transfers.sha256(large)


def test_a_download_costs_no_memory(panel: Panel, data: Path, large: Path) -> None:
    transfers.copy(large, data / "down.bin")
    peak = Peak(panel)

    assert transfers.download(panel, "/down.bin") == SIZE
    assert peak.growth() < MOST_GROWTH


def test_a_client_that_reads_slowly_costs_no_memory(panel: Panel, data: Path, large: Path) -> None:
    transfers.copy(large, data / "down.bin")
    peak = Peak(panel)

    with transfers.connection(panel) as link:
        link.sendall(transfers.request_head(panel, "GET", "/servers/s/files/download?path=/down.bin", 0))
        for _ in range(15):  # 1 MiB/s
            assert link.recv(MIB // 10)
            time.sleep(0.1)
        assert peak.growth() < MOST_GROWTH

    wait_for(lambda: transfers.open_files(panel, data), lambda found: found == [], limit_s=5)


def test_an_upload_broken_off_leaves_nothing(panel: Panel, data: Path, large: Path) -> None:
    before = sorted(os.listdir(data))
    with transfers.connection(panel) as link, large.open("rb") as file:
        link.sendall(transfers.request_head(panel, "POST", "/servers/s/files/upload?path=/half", SIZE))
        link.sendall(transfers.HEAD)
        link.sendfile(file, count=SIZE // 2)

    wait_for(lambda: transfers.open_files(panel, data), lambda found: found == [], limit_s=10)

    assert sorted(set(os.listdir(data)) - {"half"}) == sorted(set(before) - {"half"})
    assert os.listdir(data / "half") == []


def test_an_upload_in_pieces_over_a_broken_line_has_the_right_hash(panel: Panel, data: Path, large: Path) -> None:
    assert transfers.resume(panel, large, piece=40 * MIB) == transfers.sha256(large)
    assert transfers.sha256(data / "resumed.bin") == transfers.sha256(large)
    assert [name for name in os.listdir(data) if name.startswith(".mcadmin")] == []


def test_ranges_and_tags(panel: Panel, data: Path) -> None:
    (data / "range.bin").write_bytes(bytes(range(100)))
    with panel.client() as client:
        address = "/servers/s/files/download?path=/range.bin"
        whole = client.get(address)
        part = client.get(address, headers={"Range": "bytes=10-19", "If-Range": whole.headers["ETag"]})
        stale = client.get(address, headers={"Range": "bytes=10-19", "If-Range": '"other"'})
        outside = client.get(address, headers={"Range": "bytes=100-"})
        same = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
        head = client.head(address)

    assert (part.status_code, part.content, part.headers["Content-Range"]) == (
        206, bytes(range(10, 20)), "bytes 10-19/100",
    )
    assert (stale.status_code, stale.content) == (200, bytes(range(100)))
    assert (outside.status_code, outside.headers["Content-Range"]) == (416, "bytes */100")
    assert outside.json()["code"] == "range_not_satisfiable"
    assert (same.status_code, same.content, head.status_code, head.headers["Content-Length"]) == (304, b"", 200, "100")


def test_a_directory_comes_as_a_zip_without_links(panel: Panel, data: Path) -> None:
    folder = data / "world"
    (folder / "region").mkdir(parents=True, exist_ok=True)
    (folder / "region" / "r.0.0.mca").write_bytes(os.urandom(3 * MIB))
    (folder / "level.dat").write_bytes(b"x" * 100_000)
    if not (folder / "out").is_symlink():
        (folder / "out").symlink_to("../../..")
        os.mkfifo(folder / "pipe")

    with panel.client() as client:
        answer = client.get("/servers/s/files/download", params={"path": "/world"})

    assert 'filename="world.zip"' in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["level.dat", "region/", "region/r.0.0.mca"]
        assert archive.comment.decode().splitlines()[1:] == ["out", "pipe"]
        assert archive.read("region/r.0.0.mca") == (folder / "region" / "r.0.0.mca").read_bytes()


def test_without_a_token_an_upload_is_refused_and_audited_without_its_body(panel: Panel, data: Path) -> None:
    with panel.client(token="wrong") as client:
        answer = client.post("/servers/s/files/upload?path=/", files={"file": ("x", os.urandom(3 * MIB))})

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert not (data / "x").exists()


def test_an_upload_is_audited_with_name_and_size_and_answers_in_both_forms(panel: Panel, data: Path) -> None:
    origin = {"Origin": "http://localhost:3000"}
    with panel.client() as client:
        for slash in ("", "/"):
            answer = client.post(
                f"/servers/s/files/upload{slash}", params={"path": "/audited", "overwrite": True}, headers=origin,
                files={"file": ("canary.txt", b"a canary in an upload")},
            )
            assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, origin["Origin"])
        refused = client.post("/servers/s/files/upload?path=/../x", headers=origin, files={"file": ("x", b"")})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, origin["Origin"])

    log = panel.folder / "logs" / "operations.log"
    lines = wait_for(
        lambda: [json.loads(line) for line in log.read_text().splitlines() if "audited" in line],
        lambda found: len(found) == 2, limit_s=5,
    )
    assert [(one["username"], one["status_code"], one["server_id"]) for one in lines] == [("SYSTEM", 200, "s")] * 2
    assert lines[0]["request_body"]["size"] > 20
    assert "canary" not in log.read_text()


def test_a_panel_killed_in_an_upload_leaves_nothing(panel: Panel, data: Path, large: Path) -> None:
    with transfers.connection(panel) as link, large.open("rb") as file:
        link.sendall(transfers.request_head(panel, "POST", "/servers/s/files/upload?path=/killed", SIZE))
        link.sendall(transfers.HEAD)
        link.sendfile(file, count=SIZE // 2)
        wait_for((data / "killed").exists, bool, limit_s=10)
        panel.stop(with_signal=signal.SIGKILL)
    panel.start()

    assert os.listdir(data / "killed") == []
