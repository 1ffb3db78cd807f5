import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from core import process_identity
from core.locks import Busy
from servers import wiring
from servers.changes import actions
from servers.changes.actions import Action
from servers.changes.compose_safety import Acceptance
from servers.models import Lease, Operation, OperationState
from servers.operations.caller import Caller
from servers.records import leases
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeContainer, FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def begin(server_id: str) -> Operation:
    """Record an operation as running, with nobody to carry it out."""
    operation = Operation(
        server_id=server_id, kind="up", started_by="olivia", origin="api", started_at=datetime.now(UTC)
    )
    return leases.acquire(operation, keys=[leases.server_lease(server_id)])


def operate(client: APIClient, server_id: str, action: str) -> tuple[int, str]:
    answer = client.post(f"/api/servers/{server_id}/operations", {"action": action}, format="json")
    return answer.status_code, answer.json().get("code", answer.json().get("message", ""))


def status(client: APIClient, server_id: str) -> str:
    answer: str = client.get(f"/api/servers/{server_id}/status").json()["status"]
    return answer


def test_up_stop_start_down_remove(owner: APIClient, fake: FakeDocker, server: str, server_path: Path) -> None:
    assert operate(owner, server, "UP") == (200, f"{server} is up.")
    assert status(owner, server) == "STARTING"
    assert operate(owner, server, "stop")[0] == 200
    assert status(owner, server) == "CREATED"
    assert operate(owner, server, "start")[0] == 200
    assert operate(owner, server, "remove") == (409, "server_has_container")
    assert operate(owner, server, "down")[0] == 200
    assert status(owner, server) == "EXISTS"
    assert operate(owner, server, "remove")[0] == 200
    assert status(owner, server) == "REMOVED"
    assert [one.name.split("-")[0] for one in (server_path / ".removed").iterdir()] == [server]
    kinds = [one["kind"] for one in owner.get(f"/api/servers/{server}/operations").json()["operations"]]
    assert kinds == ["remove", "down", "remove", "start", "stop", "up"]


def test_unknown_action_and_unknown_server(owner: APIClient, fake: FakeDocker, server: str) -> None:
    assert operate(owner, server, "explode") == (400, "invalid")
    assert operate(owner, "ghost", "up") == (404, "server_not_found")
    assert Operation.objects.count() == 0


def test_start_without_container_says_to_use_up(owner: APIClient, fake: FakeDocker, server: str) -> None:
    assert operate(owner, server, "start") == (409, "no_container")
    assert Lease.objects.count() == 0


def test_a_dead_engine_is_503_and_the_status_says_since_when(
    owner: APIClient, fake: FakeDocker, server: str
) -> None:
    operate(owner, server, "up")
    fake.stop_engine()

    assert operate(owner, server, "down") == (503, "engine_unreachable")
    found = owner.get(f"/api/servers/{server}/status").json()
    assert (found["status"], found["lastStatus"]) == ("UNKNOWN", "STARTING")
    assert found["since"]
    fake.reachable = True
    assert operate(owner, server, "down")[0] == 200


def test_docker_not_installed_is_503(owner: APIClient, server_path: Path, server: str) -> None:
    from servers.docker.cli import DockerCli

    wiring.cli_override = DockerCli("/no/docker", "/no/docker-compose")
    wiring.reset()

    assert operate(owner, server, "up") == (503, "program_missing")


def test_a_taken_port_leaves_nothing_behind(owner: APIClient, fake: FakeDocker, server: str) -> None:
    fake.taken_ports.add("127.0.0.1")

    assert operate(owner, server, "up") == (409, "port_taken")
    assert status(owner, server) == "EXISTS"


def test_a_taken_udp_port_is_named_and_leaves_nothing_behind(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as voice:  # such as a voice chat of another server
        voice.bind(("127.0.0.1", 0))
        number = voice.getsockname()[1]
        text = compose_text(server).replace("    volumes:", f'      - "127.0.0.1:{number}:24454/udp"\n    volumes:')
        (server_path / server / "compose.yaml").write_text(text)

        answer = owner.post(f"/api/servers/{server}/operations", {"action": "up"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "port_taken")
    assert str(number) in answer.json()["detail"]
    assert not fake.containers
    assert operate(owner, server, "up")[0] == 200, "the same number is free again"


def test_two_ids_of_one_project_name_are_a_problem_and_409(
    owner: APIClient, fake: FakeDocker, server_path: Path
) -> None:
    for name in ("My.Srv", "mysrv"):
        write_server(server_path, name, compose_text(name))

    problems = [item["problem"] for item in owner.get("/api/servers").json()]

    assert all("same Compose project name" in problem for problem in problems)
    assert operate(owner, "mysrv", "up") == (409, "project_clash")


def test_a_foreign_container_of_our_name_is_409(owner: APIClient, fake: FakeDocker, server: str) -> None:
    foreign = FakeContainer(f"mc-{server}", "busybox", {"com.docker.compose.project.working_dir": "/elsewhere"})
    fake.containers[foreign.id] = foreign

    assert operate(owner, server, "up") == (409, "foreign_container")
    assert list(fake.containers) == [foreign.id]


def test_a_project_of_another_directory_is_not_touched(owner: APIClient, fake: FakeDocker, server: str) -> None:
    labels = {
        "com.docker.compose.project": server,
        "com.docker.compose.service": "mc",
        "com.docker.compose.project.working_dir": "/elsewhere/theirs",
    }
    theirs = FakeContainer("theirs", "busybox", labels, state="running")
    fake.containers[theirs.id] = theirs

    answer = owner.post(f"/api/servers/{server}/operations", {"action": "down"}, format="json")

    assert answer.status_code == 409
    assert "'theirs'" in answer.json()["detail"]
    assert theirs.state == "running"


def test_a_directory_removed_by_hand_is_removed_whatever_runs(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    operate(owner, server, "up")
    (server_path / server).rename(server_path / ".gone")

    assert status(owner, server) == "REMOVED"
    assert operate(owner, server, "down") == (404, "server_not_found")
    assert owner.get("/api/servers").json() == []


async def test_a_second_operation_is_refused_with_what_runs(fake: FakeDocker, server: str) -> None:
    fake.hold("up")
    first = asyncio.create_task(actions.run(server, Action.UP, acceptance=Acceptance(by=Caller("olivia"))))
    await fake.entered["up"].wait()

    with pytest.raises(Busy, match=r"up, started by olivia at \d\d:\d\d:\d\d UTC"):
        await actions.run(server, Action.DOWN, acceptance=Acceptance(by=Caller("adam")))

    fake.release("up")
    assert (await first).state == OperationState.SUCCEEDED
    await actions.run(server, Action.DOWN, acceptance=Acceptance(by=Caller("adam")))


async def test_a_client_that_leaves_stops_nothing(fake: FakeDocker, server: str) -> None:
    fake.hold("up")
    caller = asyncio.create_task(actions.run(server, Action.UP, acceptance=Acceptance(by=Caller("olivia"))))
    await fake.entered["up"].wait()

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    fake.release("up")

    async with asyncio.timeout(5):
        while await sync_to_async(Lease.objects.exists)():
            await asyncio.sleep(0.01)
    done = await sync_to_async(Operation.objects.get)()
    assert done.state == OperationState.SUCCEEDED
    assert done.output == f"fake up of {server}"


def test_the_operation_of_a_dead_process_is_interrupted_and_frees_its_server(
    owner: APIClient, fake: FakeDocker, server: str
) -> None:
    dead = begin(server)
    host, _, _ = process_identity.this_process().rsplit(":", 2)
    Lease.objects.update(owner=f"{host}:4194303:1.00")

    assert operate(owner, server, "up")[0] == 200

    dead.refresh_from_db()
    assert dead.state == OperationState.INTERRUPTED
    assert "repeat" in dead.error


def test_a_lease_of_another_host_counts_until_its_time_is_over(fake: FakeDocker, server: str) -> None:
    begin(server)
    Lease.objects.update(owner="elsewhere:1:1.00")
    assert leases.take_over_dead() == []

    Lease.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))

    assert leases.take_over_dead() == [f"up of {server} was interrupted."]


def test_respond_async_answers_at_once_with_the_record(owner: APIClient, fake: FakeDocker, server: str) -> None:
    answer = owner.post(
        f"/api/servers/{server}/operations", {"action": "up"}, format="json", headers={"Prefer": "respond-async"}
    )

    assert answer.status_code == 202
    assert owner.get(answer.headers["Location"]).json()["serverId"] == server


def test_an_unknown_operation_is_404(owner: APIClient, fake: FakeDocker) -> None:
    answer = owner.get("/api/operations/00000000-0000-4000-8000-000000000000")

    assert (answer.status_code, answer.json()["code"]) == (404, "operation_not_found")
