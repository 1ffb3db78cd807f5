"""A game whose files lie in a volume: every route works on them, and no volume leads to a place of the host."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from servers import wiring
from servers.docker.folders import DataElsewhere
from servers.minecraft.data_root import DataKind
from servers.tests.conftest import compose_text, write_server
from servers.tests.edge.test_linked_folders import SECRET, VERBS, content, tree
from testing.fake_docker import FakeContainer, FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)
NAME, AT = "voled", "/api/servers/voled"
OWN = "\nvolumes:\n  mc-data: {}\n"


def volume_server(server_path: Path, *, declared: str = OWN, name: str = NAME) -> Path:
    """Write a server with its files in a volume, and a folder `data` of which nobody may take any notice."""
    directory = write_server(server_path, name, compose_text(name).replace("./data:", "mc-data:") + declared)
    (directory / "data/canary.txt").write_text("left behind\n")
    return directory


def listed(client: APIClient, name: str = NAME) -> list[str]:
    return [one["name"] for one in client.get(f"/api/servers/{name}/files?path=/").json()["items"]]


def up(name: str = NAME) -> None:
    async_to_sync(wiring.manager().get_instance(name).project.up)()
    async_to_sync(wiring.live().engine.refresh)()
    ask()


def ask() -> None:
    live = wiring.live()
    live.volumes.engine_changed(live.engine.snapshot)
    async_to_sync(live.volumes.refresh)()


@pytest.fixture
def fake(fake: FakeDocker, tmp_path: Path) -> FakeDocker:
    """An engine that keeps volumes."""
    fake.root_dir = tmp_path / "engine"
    (fake.root_dir / "volumes").mkdir(parents=True)
    return fake


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A place of the host that nobody may read or change."""
    folder = tmp_path / "host"
    folder.mkdir()
    for name in ("canary.txt", "server.properties"):
        (folder / name).write_text(f"motd={SECRET}\n")
    return folder


@pytest.mark.parametrize("has_container", [True, False])
def test_files_properties_usage_and_password_are_those_in_the_volume(
    owner: APIClient, fake: FakeDocker, server_path: Path, *, has_container: bool
) -> None:
    directory = volume_server(server_path)
    up()
    folder = fake.root_dir / "volumes/voled_mc-data/_data"
    (folder / "server.properties").write_text("motd=Hello\nrcon.password=pw\n")
    if not has_container:
        fake.containers.clear()
        async_to_sync(wiring.live().engine.refresh)()
        ask()

    before = listed(owner)
    written = owner.post(f"{AT}/files/create", {"path": "/", "name": "ops", "type": "directory"}, format="json")
    root = async_to_sync(wiring.manager().get_instance(NAME).data_root)()

    assert before == ["server.properties"]
    assert written.status_code in {200, 201}, written.json()
    assert (folder / "ops").is_dir()
    assert owner.get(f"{AT}/properties").json()["properties"]["motd"] == "Hello"
    assert (root.kind, root.top / root.inside) == (DataKind.VOLUME, folder)
    assert tree(directory / "data") == {"canary.txt": b"left behind\n"}


def test_the_detail_says_where_the_files_are(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    volume_server(server_path)
    write_server(server_path, "usual")
    write_server(server_path, "other", compose_text("other").replace("./data:", "./mc-data:"))
    write_server(server_path, "bound", compose_text("bound").replace("./data:", "/srv/game:"))
    up()

    roots = {one: owner.get(f"/api/servers/{one}").json()["dataRoot"] for one in (NAME, "usual", "other", "bound")}

    said = {name: (one["kind"], one["inSnapshots"]) for name, one in roots.items()}
    assert said == {
        NAME: ("volume", True), "usual": ("folder", True), "other": ("folder", True), "bound": ("elsewhere", False),
    }
    assert "voled_mc-data" in roots[NAME]["sentence"]
    assert "mc-data" in roots["other"]["sentence"]
    assert "/srv/game" in roots["bound"]["sentence"]


def options(fake: FakeDocker, host: Path) -> None:
    """Its folder is still a real one: nothing is mounted while no container uses it."""
    fake.make_volume("voled_mc-data", project=NAME, type="none", o="bind", device="/")


def other_driver(fake: FakeDocker, host: Path) -> None:
    fake.make_volume("voled_mc-data", project=NAME, driver="vieux/sshfs")


def other_place(fake: FakeDocker, host: Path) -> None:
    fake.make_volume("voled_mc-data", project=NAME)
    fake.volumes["voled_mc-data"]["Mountpoint"] = str(host)


def data_is_a_link(fake: FakeDocker, host: Path) -> None:
    folder = fake.make_volume("voled_mc-data", project=NAME)
    folder.rmdir()
    folder.symlink_to(host)


def volume_is_a_link(fake: FakeDocker, host: Path) -> None:
    folder = fake.make_volume("voled_mc-data", project=NAME)
    folder.rmdir()
    folder.parent.rmdir()
    (host.parent / "elsewhere").mkdir()
    (host.parent / "elsewhere/_data").symlink_to(host)
    folder.parent.symlink_to(host.parent / "elsewhere")


Attack = Callable[[FakeDocker, Path], None]
ATTACKS: list[Attack] = [options, other_driver, other_place, data_is_a_link, volume_is_a_link]


ON_DATA = [verb for verb in VERBS if "ignore list" not in verb]  # that lies beside `data`, wherever the files are


@pytest.mark.parametrize("verb", ON_DATA)
@pytest.mark.parametrize("has_container", [True, False])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_volume_leads_to_the_host(
    owner: APIClient, fake: FakeDocker, server_path: Path, host: Path, attack: Attack, verb: str, *, has_container: bool
) -> None:
    directory = volume_server(server_path)
    attack(fake, host)
    if has_container:
        up()
    else:
        ask()
    before, before_folder = tree(host), tree(directory / "data")

    answer = VERBS[verb](owner, AT)

    assert (answer.status_code, answer.json().get("code")) == (409, "data_elsewhere"), content(answer)
    assert SECRET.encode() not in content(answer)
    assert (tree(host), tree(directory / "data")) == (before, before_folder)
    assert owner.get(AT).json()["dataRoot"]["kind"] == "elsewhere"


@pytest.mark.parametrize(
    "declared",
    [
        "\nvolumes:\n  mc-data:\n    external: true\n    name: theirs_mc-data\n",
        "\nvolumes:\n  mc-data:\n    name: theirs_mc-data\n",
    ],
)
def test_a_file_alone_opens_no_volume_of_others(
    owner: APIClient, fake: FakeDocker, server_path: Path, declared: str
) -> None:
    volume_server(server_path, declared=declared)
    folder = fake.make_volume("theirs_mc-data", project="theirs")
    (folder / "canary.txt").write_text(SECRET)
    ask()

    refused = owner.get(f"{AT}/files/content?path=/canary.txt")
    up()
    shared = owner.get(f"{AT}/files/content?path=/canary.txt")

    assert (refused.status_code, refused.json()["code"]) == (409, "data_elsewhere")
    assert "not made for this server" in refused.json()["detail"]
    assert shared.status_code == 200


def test_two_servers_with_one_volume_see_the_same_files(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    shared = "\nvolumes:\n  mc-data:\n    name: worlds\n"
    for name in (NAME, "twin"):
        volume_server(server_path, declared=shared, name=name)
        up(name)
    (fake.root_dir / "volumes/worlds/_data/world.txt").write_text("one world")

    assert [listed(owner, name) for name in (NAME, "twin")] == [["world.txt"], ["world.txt"]]


@pytest.mark.parametrize("name", ["../etc", "a/b", "-v", ".", "x" * 300, "ünï", "a b", "${NAME}", "0" * 64])
def test_a_name_that_is_none_reaches_nothing(
    owner: APIClient, fake: FakeDocker, server_path: Path, name: str
) -> None:
    volume_server(server_path, declared=f"\nvolumes:\n  mc-data:\n    name: '{name}'\n")
    volume_server(server_path, name="sound")
    fake.make_volume("sound_mc-data", project="sound")
    ask()

    answer = owner.get(f"{AT}/files?path=/")

    assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere")
    assert listed(owner, "sound") == []


@pytest.mark.parametrize("verb", ["read", "write", "mkdir", "properties"])
def test_a_volume_that_is_not_there_yet_is_not_made_by_the_panel(
    owner: APIClient, fake: FakeDocker, server_path: Path, verb: str
) -> None:
    volume_server(server_path)
    ask()
    (fake.root_dir / "volumes/voled_mc-data/_data").mkdir(parents=True)  # somebody's, whom the engine does not know
    answer = VERBS[verb](owner, AT)

    assert (answer.status_code, answer.json()["code"]) == (404, "file_not_found")
    assert "up" in answer.json()["detail"]
    assert listed(owner) == []
    assert tree(fake.root_dir / "volumes") == {"voled_mc-data": None, "voled_mc-data/_data": None}
    assert owner.get(AT).json()["dataRoot"]["kind"] == "volume"


@pytest.mark.parametrize("verb", ["read", "write", "mkdir", "properties"])
def test_a_volume_that_went_away_is_missed(owner: APIClient, fake: FakeDocker, server_path: Path, verb: str) -> None:
    directory = volume_server(server_path)
    up()
    (fake.root_dir / "volumes/voled_mc-data/_data").rmdir()
    (fake.root_dir / "volumes/voled_mc-data").rmdir()

    answer = VERBS[verb](owner, AT)

    assert (answer.status_code, answer.json()["code"]) == (404, "file_not_found")
    assert tree(directory / "data") == {"canary.txt": b"left behind\n"}


@pytest.mark.parametrize("verb", ["list", "read", "write", "properties"])
def test_while_nobody_knows_the_volume_nothing_else_is_opened(
    owner: APIClient, fake: FakeDocker, server_path: Path, verb: str
) -> None:
    directory = volume_server(server_path)
    fake.stop_engine()

    answer = VERBS[verb](owner, AT)

    assert (answer.status_code, answer.json()["code"]) == (409, "data_elsewhere")
    assert "Try again" in answer.json()["detail"]
    assert tree(directory / "data") == {"canary.txt": b"left behind\n"}


def test_the_fresh_answer_of_a_dead_engine_is_no_other_folder(fake: FakeDocker, server_path: Path) -> None:
    volume_server(server_path)
    fake.stop_engine()

    root = async_to_sync(wiring.manager().get_instance(NAME).data_root)()

    with pytest.raises(DataElsewhere, match="has not been asked"):
        root.hold()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("options", ["--bind", "--rbind"])
def test_what_is_mounted_on_the_folder_since_is_not_opened(
    owner: APIClient, fake: FakeDocker, server_path: Path, host: Path, options: str
) -> None:
    """A volume of the name was made anew with options after the engine was asked: its mount is what is seen."""
    volume_server(server_path)
    up()
    folder = fake.root_dir / "volumes/voled_mc-data/_data"
    subprocess.run(["/usr/bin/mount", options, str(host), str(folder)], check=True)
    try:
        answers = [VERBS[verb](owner, AT) for verb in ("list", "read", "write", "delete")]
    finally:
        subprocess.run(["/usr/bin/umount", str(folder)], check=True)

    assert {(one.status_code, one.json().get("code")) for one in answers} == {(409, "data_elsewhere")}
    assert (host / "canary.txt").read_text() == f"motd={SECRET}\n"


@pytest.mark.parametrize("has_container", [True, False])
def test_no_new_server_is_given_the_volume_of_a_project_with_its_name(
    api: APIClient, fake: FakeDocker, server_path: Path, *, has_container: bool
) -> None:
    fake.make_volume("cloud_db", project="cloud")
    if has_container:
        theirs = FakeContainer("cloud-db-1", "postgres", {"com.docker.compose.project": "cloud"})
        fake.containers[theirs.name] = theirs
    text = compose_text("cloud").replace("./data:", "db:") + "\nvolumes:\n  db: {}\n"
    api.force_authenticate(User.objects.create(username="adam", role=UserRole.ADMIN))

    answer = api.post("/api/servers", {"id": "cloud", "yaml_content": text}, format="json")

    assert (answer.status_code, answer.json().get("code")) == (409, "project_taken"), answer.json()
    assert "volume cloud_db" in answer.json()["detail"]
    assert not (server_path / "cloud").exists()


def test_a_server_made_again_has_what_the_earlier_one_of_its_id_left(
    owner: APIClient, fake: FakeDocker, server_path: Path
) -> None:
    body = {"id": NAME, "yaml_content": compose_text(NAME).replace("./data:", "mc-data:") + OWN}
    for _ in range(2):
        answer = owner.post("/api/servers", body, format="json")
        assert answer.status_code == 201, answer.json()
        up()
        for action in ("down", "remove"):
            done = owner.post(f"{AT}/operations", {"action": action}, format="json")
            assert done.status_code == 200, done.json()
    assert "voled_mc-data" in fake.volumes
