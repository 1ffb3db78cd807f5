"""Files that are gone, moved or odd by the time somebody asks again."""

import asyncio
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from rest_framework.test import APIClient

from core.paths import Root
from mcadmin.asgi import django_application
from servers.api.files.transfers import PIECE_BYTES
from servers.minecraft.files.zipping import zip_pieces
from servers.models import Upload
from testing.fake_docker import FakeDocker
from web.streaming import StreamBodies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def data(server_path: Path, server: str, fake: FakeDocker) -> Path:
    return server_path / server / "data"


def post(client: APIClient, data: Path, what: str, **body: Any) -> Any:
    return client.post(f"/api/servers/{data.parent.name}/files/{what}", body, format="json")


def test_uploads_whose_folder_is_gone_take_no_place(owner: APIClient, data: Path) -> None:
    for number in range(20):
        made = post(owner, data, "uploads", path="/maps", name=f"{number}.zip", size=10)
        assert made.status_code == 201, made.json()
    assert post(owner, data, "uploads", path="/", name="one.zip", size=10).json()["code"] == "too_many_uploads"
    shutil.rmtree(data / "maps")
    assert owner.get(f"/api/servers/{data.parent.name}/files/uploads").json() == {"uploads": []}
    assert post(owner, data, "uploads", path="/", name="one.zip", size=10).status_code == 201


@pytest.mark.parametrize("how", ["move", "copy"])
@pytest.mark.parametrize("target", ["/a/b", "/a/new/b", "/a//new/b"])
def test_a_folder_goes_not_into_itself_and_stays_as_it_is(
    owner: APIClient, data: Path, how: str, target: str
) -> None:
    (data / "a/sub").mkdir(parents=True)
    answer = post(owner, data, how, path="/a", target_path=target)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "into itself" in answer.json()["detail"]
    assert os.listdir(data / "a") == ["sub"]


@pytest.mark.parametrize("seconds", [2**62, -(2**62), 2**40])
def test_a_time_beyond_any_calendar_leaves_nothing_out_of_a_zip(seconds: int) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:  # a file system that keeps such times
        folder = Path(name)
        (folder / "sub").mkdir()
        (folder / "sub/file").write_text("content")
        for one in (folder / "sub/file", folder / "sub"):
            os.utime(one, (seconds, seconds))
        with Root(folder) as root:
            content = b"".join(zip_pieces(root, ""))
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["sub/", "sub/file"]


def test_a_zip_says_what_it_left_out_as_far_as_there_is_room(tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"{number:03}{'x' * 197}").symlink_to("nowhere")
    (tmp_path / "file").touch()
    with Root(tmp_path) as root:
        archive = zipfile.ZipFile(io.BytesIO(b"".join(zip_pieces(root, ""))))
    told = archive.comment.decode().splitlines()
    assert archive.namelist() == ["file"]
    assert told[0].startswith("Not in this archive")
    assert told[1].startswith("000xxx")
    assert (len(told[1:-1]) + int(told[-1].split()[1]), len(told) > 100) == (400, True)


def test_a_zip_that_has_everything_has_no_comment(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Root(tmp_path) as root:
        assert zipfile.ZipFile(io.BytesIO(b"".join(zip_pieces(root, "")))).comment == b""


def test_an_upload_whose_file_goes_while_a_piece_comes_is_told_as_gone(owner: APIClient, data: Path) -> None:
    """Its record goes, too, as soon as somebody begins another upload."""
    begun = post(owner, data, "uploads", path="/maps", name="big.zip", size=2 * PIECE_BYTES)
    [part] = (data / "maps").iterdir()

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(PIECE_BYTES)
        async with asyncio.timeout(20):
            while not part.stat().st_size:
                await asyncio.sleep(0.01)
        shutil.rmtree(data / "maps")
        other = await sync_to_async(post)(owner, data, "uploads", path="/", name="small.zip", size=1)
        assert other.status_code == 201
        yield bytes(PIECE_BYTES)

    async def send() -> httpx.Response:
        application: Any = StreamBodies(django_application)
        headers = {"Authorization": f"Bearer {settings.MC_ADMIN.master_token}"}
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
            return await client.patch(f"{begun.headers['Location']}?offset=0", content=pieces())

    answer = asyncio.run(send())

    assert (answer.status_code, answer.json()["code"]) == (404, "upload_gone")
    assert Upload.objects.count() == 1
