"""Before another version or type of game runs on a world, a snapshot holds it; on the fake engine and a fake restic."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups import wiring
from servers.minecraft import compose_update
from servers.operations.caller import Caller
from servers.tests.conftest import compose_text
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)
OTHER_GAMES = [
    ('"1.16.1"', '"1.21.4"'), ("TYPE: PAPER", "TYPE: VANILLA"), ("java21", "java8"),
    ("MAX_MEMORY: 2G", "MAX_MEMORY: 2G\n      MODRINTH_PROJECTS: lithium"), ("TYPE: PAPER", "PAPER_BUILD: '7'"),
]
SAME_GAME = [
    ("MAX_MEMORY: 2G", "MAX_MEMORY: 3G"), ("not-a-secret", "another"), ("MAX_MEMORY", "MOTD: hello\n      MAX_MEMORY"),
    ("MAX_MEMORY", "CF_API_KEY: abc\n      MAX_MEMORY"),
]


@pytest.fixture(autouse=True)
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_update, "WATCH_S", 0.1)
    monkeypatch.setattr(compose_update, "LOOK_S", 0.02)


@pytest.fixture
def world(server_path: Path, server: str) -> Path:
    """The server has a world."""
    folder = server_path / server / "data/world"
    folder.mkdir()
    (folder / "level.dat").write_bytes(b"level")
    return folder


def up(client: APIClient, server: str) -> None:
    assert client.post(f"/api/servers/{server}/operations", {"action": "up"}, format="json").status_code == 200


def update(client: APIClient, server: str, change: tuple[str, str] = OTHER_GAMES[0], **more: Any) -> Any:
    text = compose_text(server)
    assert change[0] in text
    return client.post(
        f"/api/servers/{server}/compose", {"yaml_content": text.replace(*change), **more}, format="json"
    )


def kept(path: Path) -> str:
    return (path / "compose.yaml").read_text()


@pytest.mark.parametrize("is_running", [True, False])
@pytest.mark.parametrize(
    ("change", "is_saved"), [*((one, True) for one in OTHER_GAMES), *((one, False) for one in SAME_GAME)]
)
def test_another_game_on_a_world_is_saved_first(
    owner: APIClient, fake: FakeDocker, server: str, world: Path, restic: FakeRestic,
    change: tuple[str, str], *, is_saved: bool, is_running: bool,
) -> None:
    if is_running:
        up(owner, server)

    answer = update(owner, server, change)

    assert answer.status_code == 200, answer.json()
    assert len(restic.snapshots) == is_saved
    result = answer.json()["operation"]["result"]
    assert (result["safety_snapshot_id"] is not None) == is_saved
    if is_saved:
        assert {"saved:stopped", "trigger:safety", f"server:{server}"} <= set(restic.snapshots[0]["tags"])
    if is_running:
        assert fake.find(f"mc-{server}").state == "running"


def test_where_there_is_no_world_nothing_is_saved(
    owner: APIClient, fake: FakeDocker, server: str, restic: FakeRestic
) -> None:
    assert update(owner, server).status_code == 200
    assert restic.snapshots == []


def break_settings(restic: FakeRestic, settings: LazySettings) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"restic": None})
    wiring.reset()


def break_repository(restic: FakeRestic, settings: LazySettings) -> None:
    restic.passwords.clear()


@pytest.mark.parametrize("breaking", [break_settings, break_repository])
def test_without_a_repository_nothing_is_touched_unless_an_owner_says_so(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, world: Path, restic: FakeRestic,
    settings: LazySettings, breaking: Any,
) -> None:
    up(owner, server)
    container = fake.find(f"mc-{server}").id
    breaking(restic, settings)

    answer = update(owner, server)

    assert (answer.status_code, answer.json()["code"]) == (409, "no_safety")
    assert "skip_safety_check" in answer.json()["detail"]
    assert kept(server_path / server) == compose_text(server)
    assert fake.find(f"mc-{server}").id == container
    assert update(owner, server, SAME_GAME[0]).status_code == 200
    admin = APIClient()
    admin.force_authenticate(User.objects.create_user("adam", None, UserRole.ADMIN))
    refused = update(admin, server, skip_safety_check=True)
    assert (refused.status_code, refused.json()["code"]) == (403, "owner_needed")

    assert update(owner, server, skip_safety_check=True).status_code == 200


def test_a_check_says_that_a_snapshot_comes_first_or_that_none_can(
    owner: APIClient, fake: FakeDocker, server: str, world: Path, restic: FakeRestic, settings: LazySettings
) -> None:
    def check(change: tuple[str, str]) -> tuple[list[str], list[str]]:
        body = {"yaml_content": compose_text(server).replace(*change)}
        found = owner.post(f"/api/servers/{server}/compose/check", body, format="json").json()
        return [one["code"] for one in found["errors"]], [one["code"] for one in found["warnings"]]

    errors, warnings = check(OTHER_GAMES[0])
    assert (errors, "other_game" in warnings) == ([], True)
    assert "other_game" not in check(SAME_GAME[0])[1]
    break_settings(restic, settings)
    assert check(OTHER_GAMES[0])[0] == ["no_safety"]
    assert restic.snapshots == []


def test_data_elsewhere_cannot_be_saved(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic
) -> None:
    fake.make_volume(f"{server}_mc", project="others")
    volume = compose_text(server).replace("./data:/data", "mc:/data") + "volumes:\n  mc: {}\n"
    (server_path / server / "compose.yaml").write_text(volume)
    body = {"yaml_content": volume.replace("1.16.1", "1.21.4")}

    answer = owner.post(f"/api/servers/{server}/compose", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_safety")
    assert f"volume `{server}_mc`" in answer.json()["detail"]


def test_a_snapshot_that_fails_leaves_the_old_game_running(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, world: Path, restic: FakeRestic
) -> None:
    up(owner, server)
    restic.locked = True

    answer = update(owner, server)

    assert answer.json()["code"] == "repository_locked"
    assert kept(server_path / server) == compose_text(server)
    assert fake.find(f"mc-{server}").state == "running"


@pytest.mark.parametrize(("has_started", "with_world"), [(True, True), (True, False), (False, True)])
def test_a_roll_back_says_exactly_what_is_as_before(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, restic: FakeRestic,
    *, has_started: bool, with_world: bool,
) -> None:
    if with_world:
        (server_path / server / "data/level.dat").write_bytes(b"level")
    up(owner, server)
    fake.crashing_images.add("itzg/minecraft-server:java8")
    port = 29_999  # below what the kernel gives to connections that go out
    change = ("java21", "java8")
    text = compose_text(server).replace(*change)
    if not has_started:
        fake.taken_ports.add(str(port))
        text = text.replace(":25565", f':25565"\n      - "{port}:{port}')

    answer = owner.post(f"/api/servers/{server}/compose", {"yaml_content": text}, format="json").json()

    assert answer["code"] == "rolled_back", answer
    assert answer["restored_parts"] == {"compose": True, "data": not has_started}
    assert answer["restored"] == (not (has_started and with_world))
    assert (answer["safety_snapshot_id"] is not None) == with_world
    said = {(True, True): "NOT as before", (True, False): "stays as it is", (False, True): "as before"}
    assert said[has_started, with_world] in answer["detail"]
    assert ("restore that" in answer["detail"]) == (has_started and with_world)
    assert kept(server_path / server) == compose_text(server)


def test_where_the_old_file_does_not_start_either_the_snapshot_is_named(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, world: Path, restic: FakeRestic
) -> None:
    up(owner, server)
    fake.crashing_images.add("itzg/minecraft-server:java8")
    port = "29999"
    old = compose_text(server).replace(":25565", f':25565"\n      - "{port}:{port}')
    (server_path / server / "compose.yaml").write_text(old)
    fake.taken_ports.add(port)
    body = {"yaml_content": compose_text(server).replace("java21", "java8")}

    answer = owner.post(f"/api/servers/{server}/compose", body, format="json").json()

    assert (answer["code"], answer["restored"]) == ("roll_back_failed", False), answer
    assert answer["restored_parts"] == {"compose": True, "data": False}
    assert answer["safety_snapshot_id"] == restic.snapshots[0]["id"]
    assert f"snapshot {answer['safety_snapshot_id'][:8]}" in answer["detail"]
    assert kept(server_path / server) == old
    revisions = owner.get(f"/api/servers/{server}/compose/revisions").json()["revisions"]
    assert revisions[0]["message"].startswith("Rolled back")


@pytest.mark.parametrize(
    ("by_hand", "is_saved"),
    [(('"1.16.1"', '"1.21.4"'), True), (("java21", "java8"), True), (("MAX_MEMORY: 2G", "MAX_MEMORY: 4G"), False)],
)
def test_a_file_changed_by_hand_under_a_game_counts_as_another_game(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, world: Path, restic: FakeRestic,
    by_hand: tuple[str, str], *, is_saved: bool,
) -> None:
    up(owner, server)
    changed = compose_text(server).replace(*by_hand)
    (server_path / server / "compose.yaml").write_text(changed)
    body = {"yaml_content": changed.replace("not-a-secret", "another")}

    answer = owner.post(f"/api/servers/{server}/compose", body, format="json")

    assert answer.status_code == 200, answer.json()
    assert len(restic.snapshots) == is_saved


def test_an_old_revision_with_another_game_is_saved_first(
    owner: APIClient, fake: FakeDocker, server: str, world: Path, restic: FakeRestic
) -> None:
    assert update(owner, server).status_code == 200

    assert owner.post(f"/api/servers/{server}/compose/revisions/1/restore").status_code == 200

    assert len(restic.snapshots) == 2


def test_the_admin_site_has_the_same_rule(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, world: Path, restic: FakeRestic
) -> None:
    assert update(owner, server).status_code == 200
    new = kept(server_path / server)
    restic.passwords.clear()
    site = Client()
    site.force_login(User.objects.get(username="olivia"))

    page = site.post("/admin/act/", {"do": f"revision:{server}:1"}, follow=True).content.decode()

    assert "no snapshot of it can be made first" in page
    assert kept(server_path / server) == new


async def test_a_file_that_became_another_games_meanwhile_is_not_replaced(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path, world: Path, restic: FakeRestic
) -> None:
    from servers.changes import compose
    from servers.changes.compose import ComposeChange, FileChanged
    from servers.changes.compose_safety import Acceptance
    from servers.operations import runner

    text = compose_text(server).replace("2G", "3G")
    job = await compose.compose_job(
        ComposeChange(server_id=server, text=text), acceptance=Acceptance(by=Caller("olivia"))
    )
    (server_path / server / "compose.yaml").write_text(compose_text(server).replace("1.16.1", "1.21.4"))

    with pytest.raises(FileChanged):
        await runner.run(job)
    assert restic.snapshots == []
