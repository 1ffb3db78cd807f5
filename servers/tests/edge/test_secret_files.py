"""Files that hold the RCON password are kept from who may not give every command, whatever leads to them."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from accounts.rights import grants, roles
from accounts.rights.grants import WantedGrant
from servers.minecraft.files.receiving import MultipartUpload
from servers.minecraft.files.secret_files import NAMES
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "an-rcon-passw0rd"
LEADING_THERE = ["server.properties", "Server.Properties", ".rcon-cli.env", ".rcon-cli.yaml", "link", "hard", "deep/up"]


def client_of(*verbs: str, server: str) -> APIClient:
    user = User.objects.create_user(f"u-{len(verbs)}")
    user.access = "granted"
    user.save()
    roles.create(name=f"r-{len(verbs)}", verbs=verbs)
    grants.add(user.pk, WantedGrant(f"r-{len(verbs)}", server, 1))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


async def whole(answer: Any) -> bytes:
    return b"".join([piece async for piece in answer])


@pytest.fixture
def secrets(data: Path) -> Path:
    for name in (*NAMES, "Server.Properties"):
        (data / name).write_text(f"rcon.password={PASSWORD}\n")
    (data / "link").symlink_to("server.properties")
    os.link(data / ".rcon-cli.env", data / "hard")
    (data / "deep").mkdir()
    (data / "deep/up").symlink_to("../server.properties")
    (data / "plain.txt").write_text("rcon.password=no secret\n")
    return data


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("path", LEADING_THERE)
@pytest.mark.parametrize("way", ["content", "tail", "download"])
def test_a_reader_of_files_does_not_read_them(files: str, server: str, way: str, path: str) -> None:
    reader, commander = client_of("files.read", server=server), client_of("files.read", "command", server=server)

    refused, read = (one.get(f"{files}/{way}?path={path}") for one in (reader, commander))

    assert (refused.status_code, refused.json()["code"]) == (403, "holds_secret")
    assert read.status_code == 200
    assert reader.get(f"{files}/{way}?path=plain.txt").status_code == 200


# How somebody who may change files, and not give commands, would get a secret file under a name that is not one.
WAYS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "rename": ("post", "rename", {"old_path": "server.properties", "new_name": "a.txt"}),
    "rename, in other letters": ("post", "rename", {"old_path": "Server.Properties", "new_name": "a.txt"}),
    "rename of its other name": ("post", "rename", {"old_path": "hard", "new_name": "a.txt"}),
    "move": ("post", "move", {"path": ".rcon-cli.env", "target_path": "a.txt"}),
    "move of a folder with what a link leads to": ("post", "move", {"path": "conf", "target_path": "b"}),
    "rename of that folder": ("post", "rename", {"old_path": "conf", "new_name": "b"}),
    "a file in the place of the link": (
        "post", "move", {"path": "plain.txt", "target_path": ".rcon-cli.yaml", "overwrite": True}
    ),
    "copy": ("post", "copy", {"path": "server.properties", "target_path": "a.txt"}),
    "copy of its other name": ("post", "copy", {"path": "hard", "target_path": "a.txt"}),
    "copy of a folder with its other name": ("post", "copy", {"path": "conf", "target_path": "b"}),
    "copy through a link": ("post", "copy", {"path": "link", "target_path": "a.txt"}),
    "delete the name that is known": ("delete", "?path=.rcon-cli.env", {}),
    "delete the link": ("delete", "?path=.rcon-cli.yaml", {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_other_name_makes_them_readable(files: str, server: str, secrets: Path, way: str) -> None:
    (secrets / "conf").mkdir()
    (secrets / ".rcon-cli.yaml").rename(secrets / "conf/real.txt")
    (secrets / ".rcon-cli.yaml").symlink_to("conf/real.txt")
    method, address, body = WAYS[way]
    writer = client_of("files.read", "files.write", server=server)
    before = sorted(str(one) for one in secrets.rglob("*"))

    refused = getattr(writer, method)(f"{files}/{address}", body, format="json")

    assert (refused.status_code, refused.json()["code"]) == (403, "holds_secret")
    assert sorted(str(one) for one in secrets.rglob("*")) == before
    commander = client_of("files.read", "files.write", "command", server=server)
    assert getattr(commander, method)(f"{files}/{address}", body, format="json").status_code == 200


@pytest.mark.usefixtures("secrets")
def test_what_holds_no_secret_is_renamed_moved_and_copied_as_before(files: str, server: str, data: Path) -> None:
    writer = client_of("files.read", "files.write", server=server)
    (data / "out").symlink_to("/etc/hostname")
    steps = [("copy", {"path": "deep", "target_path": "d2"}), ("move", {"path": "plain.txt", "target_path": "d2/p"}),
             ("rename", {"old_path": "d2", "new_name": "d3"}), ("rename", {"old_path": "out", "new_name": "o2"})]

    assert [writer.post(f"{files}/{what}", body, format="json").status_code for what, body in steps] == [200] * 4


@pytest.mark.usefixtures("secrets")
def test_archives_and_searches_leave_them_out_and_say_so(files: str, server: str) -> None:
    reader, commander = client_of("files.read", server=server), client_of("files.read", "command", server=server)

    def names(client: APIClient) -> tuple[set[str], bytes]:
        content = async_to_sync(whole)(client.get(f"{files}/download?path=/"))
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return set(archive.namelist()), archive.comment

    left, comment = names(reader)
    assert not {"server.properties", "Server.Properties", ".rcon-cli.env", ".rcon-cli.yaml", "hard"} & left
    assert "plain.txt" in left
    assert b"server.properties" in comment
    assert "server.properties" in names(commander)[0]

    search = f"{files}/search?content=rcon.password"
    found = reader.get(search).json()
    assert {hit["path"] for hit in found["results"]} == {"/plain.txt"}
    assert found["skipped_secret"] == 5
    assert commander.get(search).json()["skipped_secret"] == 0


@pytest.mark.usefixtures("secrets")
def test_properties_are_masked_for_everybody(server: str) -> None:
    reader = client_of("files.read", server=server)

    answer = reader.get(f"/api/servers/{server}/properties")

    assert answer.status_code == 200
    assert PASSWORD not in answer.content.decode()


def test_a_compose_file_among_the_games_files_needs_its_verb(
    fake: FakeDocker, server: str, server_path: Path, files: str
) -> None:
    text = (server_path / server / "compose.yaml").read_text()
    (server_path / server / "compose.yaml").write_text(text.replace("./data:/data", ".:/data"))
    (server_path / server / ".env").write_text("A=b\n")
    (server_path / server / "note.txt").write_text("a\n")
    reader = client_of("files.read", "command", server=server)
    both = client_of("files.read", "command", "compose", server=server)

    for path in ("compose.yaml", ".env"):
        answer = reader.get(f"{files}/content?path={path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "holds_secret")
        assert "`compose`" in answer.json()["detail"]
        assert both.get(f"{files}/content?path={path}").status_code == 200
    assert reader.get(f"{files}/content?path=note.txt").status_code == 200


def test_an_upload_ends_with_the_right_to_it(files: str, server: str, data: Path, monkeypatch: Any) -> None:
    """The right is taken when all bytes are there and the file is not in its place yet."""
    writer = client_of("files.write", server=server)
    finish = MultipartUpload.feed

    def taken(self: MultipartUpload, content: Any) -> None:
        finish(self, content)
        grants.take(User.objects.get().pk, server)

    monkeypatch.setattr(MultipartUpload, "feed", taken)
    answer = writer.post(f"{files}/upload?path=/", {"file": io.BytesIO(b"late")}, format="multipart")

    assert answer.status_code == 404
    assert not [name for name in os.listdir(data) if "file" in name]
