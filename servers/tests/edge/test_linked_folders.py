"""A server whose folder, or whose data root, is a link to a place outside: nothing there is read or changed."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from servers import wiring
from servers.docker.folders import DataElsewhere
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "canary-7c1e"

Verb = Callable[[APIClient, str], Any]


def _post(path: str, /, **body: Any) -> Verb:
    return lambda client, at: client.post(f"{at}{path}", body, format="json")


def _get(path: str) -> Verb:
    return lambda client, at: client.get(f"{at}{path}")


VERBS: dict[str, Verb] = {
    "list": _get("/files?path=/"),
    "read": _get("/files/content?path=/canary.txt"),
    "write": _post("/files/content?path=/canary.txt", content="changed"),
    "create": _post("/files/create", path="/", name="made.txt", type="file"),
    "mkdir": _post("/files/create", path="/", name="made", type="directory"),
    "rename": _post("/files/rename", old_path="/canary.txt", new_name="gone.txt"),
    "move": _post("/files/move", path="/canary.txt", target_path="/gone.txt"),
    "copy": _post("/files/copy", path="/canary.txt", target_path="/copied.txt"),
    "delete": lambda client, at: client.delete(f"{at}/files?path=/canary.txt"),
    "upload": lambda client, at: client.post(
        f"{at}/files/upload", {"path": "/", "files": SimpleUploadedFile("up.txt", b"x")}, format="multipart"
    ),
    "resumable upload": _post("/files/uploads", path="/", name="big.bin", size=3),
    "download": _get("/files/download?path=/canary.txt"),
    "zip": _get("/files/download?path=/"),
    "extract": _post("/files/extract", path="/canary.zip", target_path="/"),
    "search": _get(f"/files/search?path=/&text={SECRET}"),
    "tail": _get("/files/tail?path=/canary.txt"),
    "properties": _get("/properties"),
    "write properties": lambda client, at: client.put(f"{at}/properties", {"properties": {"motd": "x"}}, format="json"),
    "ignore list": _get("/snapshots/ignore"),
    "write ignore list": lambda client, at: client.put(f"{at}/snapshots/ignore", {"content": "/x"}, format="json"),
}


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content


def tree(folder: Path) -> dict[str, bytes | None]:
    return {str(one.relative_to(folder)): one.read_bytes() if one.is_file() else None for one in folder.rglob("*")}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """What nobody may read or change: it looks like the files of a game."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("canary.txt", "server.properties", ".mcadminignore"):
        (folder / name).write_text(f"motd={SECRET}\n")
    with zipfile.ZipFile(folder / "canary.zip", "w") as archive:
        archive.writestr("extracted.txt", SECRET)
    return folder


def link_data(server_path: Path, outside: Path) -> str:
    (write_server(server_path, "linked") / "data").rmdir()
    (server_path / "linked/data").symlink_to(outside)
    return "data_elsewhere"


def link_folder(server_path: Path, outside: Path) -> str:
    (outside / "compose.yaml").write_text(compose_text("linked"))
    (outside / "data").mkdir()
    for one in [one for one in outside.iterdir() if one.name not in {"data", "compose.yaml"}]:
        one.rename(outside / "data" / one.name)
    (server_path / "linked").symlink_to(outside)
    return "server_folder_is_a_link"


def link_on_the_way(server_path: Path, outside: Path) -> str:
    text = compose_text("linked").replace("./data:/data", "./games/one:/data")
    (write_server(server_path, "linked", text) / "games").symlink_to(outside)
    (outside / "one").mkdir()
    for one in [one for one in outside.iterdir() if one.name != "one"]:
        one.rename(outside / "one" / one.name)
    return "data_elsewhere"


LINKS = [link_data, link_folder, link_on_the_way]


CASES = [(link, verb) for link in LINKS for verb in VERBS if link is link_folder or "ignore list" not in verb]


@pytest.mark.parametrize(("link", "verb"), CASES)  # the list of what to leave out lies beside the data
def test_nothing_outside_is_read_or_changed(
    owner: APIClient, fake: FakeDocker, server_path: Path, outside: Path, link: Any, verb: str
) -> None:
    code = link(server_path, outside)
    before = tree(outside)

    answer = VERBS[verb](owner, "/api/servers/linked")

    assert (answer.status_code, answer.json().get("code")) == (409, code), answer.json()
    assert SECRET.encode() not in content(answer)
    assert tree(outside) == before


def test_a_folder_that_is_a_link_is_listed_with_what_to_do(
    owner: APIClient, fake: FakeDocker, server_path: Path, outside: Path
) -> None:
    link_folder(server_path, outside)

    listed = owner.get("/api/servers").json()
    detail = owner.get("/api/servers/linked")

    item = next(one for one in (listed["items"] if isinstance(listed, dict) else listed) if one["id"] == "linked")
    assert "is a link" in item["problem"]
    assert "bind-mount it" in item["problem"]
    assert (detail.status_code, detail.json()["code"]) == (409, "server_folder_is_a_link")


@pytest.mark.parametrize("verb", ["up", "start", "restart", "pull"])
def test_a_folder_that_is_a_link_is_not_started(
    owner: APIClient, fake: FakeDocker, server_path: Path, outside: Path, verb: str
) -> None:
    link_folder(server_path, outside)

    answer = owner.post("/api/servers/linked/operations", {"action": verb}, format="json")

    assert (answer.status_code, answer.json().get("code")) == (409, "server_folder_is_a_link"), answer.json()
    assert fake.containers == {}


@pytest.mark.parametrize("verb", ["stop", "down", "kill"])
def test_what_runs_from_a_folder_that_became_a_link_can_be_ended(
    owner: APIClient, fake: FakeDocker, server_path: Path, tmp_path: Path, verb: str
) -> None:
    write_server(server_path, "linked")
    async_to_sync(wiring.manager().get_instance("linked").project.up)()
    (server_path / "linked").rename(tmp_path / "moved")
    (server_path / "linked").symlink_to(tmp_path / "moved")

    answer = owner.post("/api/servers/linked/operations", {"action": verb}, format="json")

    assert answer.status_code == 200, answer.json()
    assert [one.state for one in fake.containers.values()] in ([], ["exited"])


def test_the_console_and_the_password_do_not_follow(fake: FakeDocker, server_path: Path, outside: Path) -> None:
    link_data(server_path, outside)
    with pytest.raises(DataElsewhere):
        wiring.live().data_root("linked").hold()
