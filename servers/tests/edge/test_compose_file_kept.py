"""Where a server's directory is the game's, who may write files and not `compose` leaves the compose file as it is."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from rest_framework.test import APIClient

from servers.tests.edge.test_secret_files import client_of
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

Way = Callable[[APIClient, str], Any]


def _json(address: str, method: str = "post", **body: Any) -> Way:
    return lambda client, files: getattr(client, method)(f"{files}/{address}", body, format="json")


def _upload(name: str, address: str = "upload?path=/&overwrite=true") -> Way:
    body = {"file": ContentFile(b"services: {}\n", name)}
    return lambda client, files: client.post(f"{files}/{address}", body, format="multipart")


def _finished(client: APIClient, files: str) -> Any:
    """An upload of a file that was no compose file when it began: the link came later."""
    begun = client.post(f"{files}/uploads", {"path": "late", "name": ".env", "size": 0}, format="json").json()
    late = HERE[0] / "late"
    late.rename(HERE[0] / "was-late")
    late.symlink_to(".")
    (HERE[0] / f"was-late/.mcadmin-{begun['id'].replace('-', '')}.part").rename(
        HERE[0] / f".mcadmin-{begun['id'].replace('-', '')}.part"
    )
    return client.post(f"{files}/uploads/{begun['id']}/finish", {"overwrite": True}, format="json")


HERE: list[Path] = []
# What somebody may try; none of it may change what Compose reads.
WAYS: dict[str, Way] = {
    "write": _json("content?path=/compose.yaml", content="services: {}\n"),
    "write .env": _json("content?path=/.env", content="X=y\n"),
    "write by a link": _json("content?path=/link.txt", content="X=y\n"),
    "write by a second name": _json("content?path=/hard.txt", content="X=y\n"),
    "create": _json("create", path="/", name="compose.override.yaml", type="file"),
    "create by a linked folder": _json("create", path="/here", name="compose.override.yaml", type="file"),
    "create in other letters": _json("create", path="/", name="Compose.Override.YAML", type="file"),
    "create a folder": _json("create", path="/", name="docker-compose.yml", type="directory"),
    "create below it": _json("create", path="/compose.yml", name="x", type="file"),
    "rename it": _json("rename", old_path="/compose.yaml", new_name="old.yaml"),
    "rename to it": _json("rename", old_path="/mine.yaml", new_name="compose.override.yml"),
    "move it": _json("move", path="/.env", target_path="/x/.env"),
    "move over it": _json("move", path="/mine.yaml", target_path="/compose.yaml", overwrite=True),
    "move to it": _json("move", path="/mine.yaml", target_path="/here/compose.yml"),
    "move what it leads to": _json("move", path="/conf", target_path="/conf2"),
    "copy to it": _json("copy", path="/mine.yaml", target_path="/compose.override.yaml"),
    "delete": _json("?path=/compose.yaml", "delete"),
    "delete what it leads to": _json("?path=/conf", "delete"),
    "delete as an operation": lambda client, files: client.delete(
        f"{files}?path=/.env", headers={"Prefer": "respond-async"}
    ),
    "upload": _upload("docker-compose.override.yml"),
    "upload over it": _upload("compose.yaml"),
    "upload by a linked folder": _upload(".env", "upload?path=/here&overwrite=true"),
    "begin an upload": _json("uploads", path="/", name=".env", size=3, overwrite=True),
    "finish an upload": _finished,
    "extract": _json("extract", path="/x.zip", target_path="/"),
    "properties": _json("properties", "put", properties={"motd": "x"}),
}


@pytest.fixture
def flat(fake: FakeDocker, server: str, server_path: Path) -> Path:
    directory = server_path / server
    text = (directory / "compose.yaml").read_text().replace("./data:/data", ".:/data")
    (directory / "compose.yaml").write_text(text)
    (directory / ".env").write_text("A=b\n")
    (directory / "mine.yaml").write_text("services: {}\n")
    (directory / "link.txt").symlink_to("compose.yaml")
    os.link(directory / ".env", directory / "hard.txt")
    (directory / "here").symlink_to(".")
    (directory / "server.properties").symlink_to(".env")
    (directory / "conf").mkdir()
    (directory / "conf/base.yaml").write_text("services: {}\n")
    (directory / "docker-compose.override.yaml").symlink_to("conf/base.yaml")
    with zipfile.ZipFile(directory / "x.zip", "w") as archive:
        archive.writestr("readme.txt", "first\n")
        archive.writestr("compose.override.yaml", "services: {}\n")
    HERE[:] = [directory]
    return directory


def what_compose_reads(directory: Path) -> dict[str, bytes]:
    read = (".env", "compose", "docker-compose")
    names = [one for one in directory.iterdir() if one.name.casefold().startswith(read)]
    return {one.name: one.read_bytes() if one.is_file() else b"a folder" for one in names}


@pytest.mark.parametrize("way", WAYS)
def test_it_needs_its_verb(way: str, flat: Path, server: str, files: str) -> None:
    before = what_compose_reads(flat)
    address = files.removesuffix("/files") if way == "properties" else files

    refused = WAYS[way](client_of("files.read", "files.write", "command", server=server), address)

    assert (refused.status_code, refused.json()["code"]) in {(403, "right_missing"), (403, "holds_secret")}
    assert "`compose`" in refused.json()["detail"]
    assert what_compose_reads(flat) == before
    assert not (flat / "readme.txt").exists()


@pytest.mark.parametrize("way", ["move over it", "delete", "delete as an operation", "upload over it", "write"])
def test_nor_is_one_that_has_no_other_name(way: str, flat: Path, server: str, files: str) -> None:
    for name in ("link.txt", "hard.txt", "docker-compose.override.yaml", "server.properties"):
        (flat / name).unlink()
    before = what_compose_reads(flat)

    refused = WAYS[way](client_of("files.read", "files.write", "command", server=server), files)

    assert (refused.status_code, refused.json()["code"]) == (403, "right_missing")
    assert what_compose_reads(flat) == before


@pytest.mark.parametrize("way", sorted(WAYS.keys() - {"finish an upload", "create below it", "properties"}))
def test_with_the_verb_it_is_a_file_like_others(way: str, flat: Path, server: str, files: str) -> None:
    done = WAYS[way](client_of("files.read", "files.write", "command", "compose", server=server), files)

    assert done.status_code in {200, 201, 202}, done.content


@pytest.mark.usefixtures("flat")
@pytest.mark.parametrize(
    "way",
    [
        _json("content?path=/mine.yaml", content="x\n"), _json("create", path="/plugins", name=".env", type="file"),
        _json("rename", old_path="/mine.yaml", new_name="other.yaml"), _upload("compose.yaml", "upload?path=/plugins"),
        _json("copy", path="/mine.yaml", target_path="/plugins/compose.yaml"), _json("?path=/mine.yaml", "delete"),
    ],
)
def test_other_files_are_written_as_before(way: Way, server: str, files: str) -> None:
    done = way(client_of("files.read", "files.write", "command", server=server), files)

    assert done.status_code == 200, done.content


def test_where_the_games_files_have_their_own_folder_a_name_is_a_name(
    fake: FakeDocker, server: str, files: str, data: Path
) -> None:
    writer = client_of("files.write", server=server)

    done = writer.post(f"{files}/upload?path=/", {"file": io.BytesIO(b"x")}, format="multipart")
    named = writer.post(f"{files}/create", {"path": "/", "name": "compose.yaml", "type": "file"}, format="json")

    assert (done.status_code, named.status_code) == (200, 200)
    assert (data / "compose.yaml").exists()
