"""Who saves a compose file by the tag that they read overwrites nobody's change."""

import asyncio
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from servers import wiring
from servers.changes import actions, compose
from servers.changes.actions import Action
from servers.changes.compose import ComposeChange
from servers.changes.compose_safety import Acceptance
from servers.minecraft import compose_update
from servers.minecraft.files.text import Changed
from servers.models import Operation
from servers.operations import runner
from servers.operations.caller import Caller
from servers.tests.conftest import compose_text
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = Acceptance(by=Caller("adam"))
CRASHING = "itzg/minecraft-server:java8"


@pytest.fixture(autouse=True)
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_update, "WATCH_S", 0.1)
    monkeypatch.setattr(compose_update, "LOOK_S", 0.02)


@pytest.fixture
def file(server: str, server_path: Path) -> Path:
    return server_path / server / "compose.yaml"


def text_with(server: str, memory: str) -> str:
    return compose_text(server).replace("2G", memory)


def tag_of(file: Path) -> str:
    return wiring.manager().get_instance(file.parent.name).compose_etag()


def save(client: APIClient, server: str, text: str, tag: str | None) -> tuple[int, dict[str, object], str | None]:
    headers = {"If-Match": tag} if tag is not None else {}
    answer = client.post(f"/api/servers/{server}/compose", {"yaml_content": text}, format="json", headers=headers)
    return answer.status_code, answer.json(), answer.headers.get("ETag")


def test_the_tag_that_was_read_saves_and_each_save_has_a_new_one(
    owner: APIClient, fake: FakeDocker, server: str, file: Path
) -> None:
    read = owner.get(f"/api/servers/{server}/compose")
    assert read.headers["ETag"] == read.json()["etag"]

    status, body, tag = save(owner, server, text_with(server, "3G"), read.headers["ETag"])

    again = owner.get(f"/api/servers/{server}/compose").json()
    assert (status, body["etag"], again["etag"]) == (200, tag, tag)
    assert tag != read.headers["ETag"]
    assert file.read_text() == again["yaml_content"] == text_with(server, "3G")


def test_a_file_changed_by_hand_is_not_overwritten(
    owner: APIClient, fake: FakeDocker, server: str, file: Path
) -> None:
    owner.post(f"/api/servers/{server}/operations", {"action": "up"}, format="json")
    container, count = fake.find(f"mc-{server}").id, Operation.objects.count()
    seen = owner.get(f"/api/servers/{server}/compose").json()["etag"]
    by_hand = text_with(server, "4G")
    file.write_text(by_hand)

    status, body, tag = save(owner, server, text_with(server, "3G"), seen)

    assert (status, body["code"], file.read_text()) == (412, "file_changed", by_hand)
    assert tag == body["etag"] == owner.get(f"/api/servers/{server}/compose").json()["etag"] != seen
    assert (fake.find(f"mc-{server}").id, Operation.objects.count()) == (container, count)  # nobody was kicked
    assert save(owner, server, text_with(server, "3G"), tag)[0] == 200


def test_without_a_tag_whatever_is_there_is_replaced(
    owner: APIClient, fake: FakeDocker, server: str, file: Path
) -> None:
    file.write_text(text_with(server, "4G"))

    assert save(owner, server, text_with(server, "3G"), None)[0] == 200

    assert file.read_text() == text_with(server, "3G")


def test_a_revision_comes_back_over_the_version_that_was_seen_only(
    owner: APIClient, fake: FakeDocker, server: str, file: Path
) -> None:
    seen = owner.get(f"/api/servers/{server}/compose").json()["etag"]
    save(owner, server, text_with(server, "3G"), None)
    address = f"/api/servers/{server}/compose/revisions/1/restore"

    refused = owner.post(address, {}, format="json", headers={"If-Match": seen})

    assert (refused.status_code, file.read_text()) == (412, text_with(server, "3G"))
    present = refused.json()["etag"]
    assert owner.post(address, {}, format="json", headers={"If-Match": present}).status_code == 200


def test_after_a_roll_back_the_answer_has_the_tag_to_go_on_with(
    owner: APIClient, fake: FakeDocker, server: str, file: Path
) -> None:
    owner.post(f"/api/servers/{server}/operations", {"action": "up"}, format="json")
    seen = owner.get(f"/api/servers/{server}/compose").json()["etag"]
    fake.crashing_images.add(CRASHING)

    status, body, tag = save(owner, server, compose_text(server, image=CRASHING), seen)

    assert (status, body["code"], body["etag"]) == (502, "rolled_back", tag)
    assert save(owner, server, text_with(server, "3G"), tag)[0] == 200


async def test_of_two_who_read_the_same_version_the_second_changes_nothing(
    fake: FakeDocker, server: str, file: Path
) -> None:
    await actions.run(server, Action.UP, acceptance=ADMIN)
    seen = await asyncio.to_thread(tag_of, file)
    first, second = [
        await compose.compose_job(
            ComposeChange(server_id=server, text=text_with(server, memory), if_match=seen), acceptance=ADMIN
        )
        for memory in ("3G", "4G")
    ]
    await runner.run(first)
    container = fake.find(f"mc-{server}").id

    with pytest.raises(Changed):
        await runner.run(second)

    assert fake.find(f"mc-{server}").id == container  # nobody was kicked
    assert await asyncio.to_thread(file.read_text) == text_with(server, "3G")


async def test_what_is_written_by_hand_while_the_game_ends_stays_and_runs(
    fake: FakeDocker, server: str, file: Path
) -> None:
    await actions.run(server, Action.UP, acceptance=ADMIN)
    seen = await asyncio.to_thread(tag_of, file)
    by_hand = text_with(server, "4G")
    change = ComposeChange(server_id=server, text=text_with(server, "3G"), if_match=seen)
    job = await compose.compose_job(change, acceptance=ADMIN)
    fake.hold("stop")
    updating = asyncio.create_task(runner.run(job))
    async with asyncio.timeout(10):
        await fake.entered["stop"].wait()
    await asyncio.to_thread(file.write_text, by_hand)
    fake.release("stop")

    with pytest.raises(Changed):
        await updating

    assert await asyncio.to_thread(file.read_text) == by_hand
    assert fake.find(f"mc-{server}").state == "running"
