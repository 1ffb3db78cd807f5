"""Compose updates on a real engine: what does not run is rolled back, and the players' server is up again."""

import subprocess
import uuid
from collections.abc import Iterator

import httpx
import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, status, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("panel"), STOP_TIMEOUT_S="6") as one:
        yield one


@pytest.fixture
def server_id(panel: Panel) -> Iterator[str]:
    name = f"u{uuid.uuid4().hex[:8]}"
    write_server(panel.servers, name, text_of(name))
    yield name
    subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def text_of(name: str) -> str:
    return real_text(name)


def container_id(server_id: str) -> str:
    done = subprocess.run(
        ["docker", "inspect", "--format", "{{.Id}}", f"mc-{server_id}"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def read(panel: Panel, server_id: str) -> str:
    return (panel.servers / server_id / "compose.yaml").read_text()


def up(client: httpx.Client, server_id: str) -> None:
    answer = operate(client, server_id, "up")
    assert answer.status_code == 200, answer.text
    wait_for(lambda: status(client, server_id), lambda one: one == "HEALTHY", limit_s=60)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("127.0.0.1:", "203.0.113.9:"), "203.0.113.9|assign requested address|unavailable"),
        (("TYPE: PAPER", 'TYPE: PAPER\n      TESTBED_CRASH_AFTER_S: "2"'), "ended soon after its start"),
    ],
    ids=["an address that this host does not have", "a game that crashes"],
)
def test_what_does_not_run_is_rolled_back(panel: Panel, server_id: str, change: tuple[str, str], reason: str) -> None:
    old = read(panel, server_id)
    with panel.client() as client:
        up(client, server_id)

        answer = client.post(f"/servers/{server_id}/compose", json={"yaml_content": old.replace(*change)})

        assert (answer.status_code, answer.json()["code"]) == (502, "rolled_back"), answer.text
        assert answer.json()["restored"] is True
        assert any(one in answer.json()["reason"] for one in reason.split("|")), answer.json()
        assert read(panel, server_id) == old
        wait_for(lambda: status(client, server_id), lambda one: one == "HEALTHY", limit_s=60)
        revisions = client.get(f"/servers/{server_id}/compose/revisions").json()["revisions"]
        assert [one["message"][:11] for one in revisions] == ["Rolled back", "", "Found on th"]
        assert [one["username"] for one in revisions] == ["SYSTEM", "SYSTEM", ""]
        assert all(one["created_at"] for one in revisions)
        assert "+" in revisions[0]["diff"]
        assert operate(client, server_id, "down").status_code == 200


def test_a_good_update_runs_and_can_be_taken_back(panel: Panel, server_id: str) -> None:
    old = read(panel, server_id)
    new = old.replace("MAX_MEMORY: 2G", "MAX_MEMORY: 3G")
    with panel.client() as client:
        up(client, server_id)
        body = {"yaml_content": new, "wait": "healthy", "message": "more memory"}
        answer = client.post(f"/servers/{server_id}/compose", json=body)
        assert answer.status_code == 200, answer.text
        assert status(client, server_id) == "HEALTHY"
        assert client.get(f"/servers/{server_id}/").json()["maxMemoryBytes"] == 3 * 1024**3
        revisions = client.get(f"/servers/{server_id}/compose/revisions").json()["revisions"]
        assert [one["message"] for one in revisions] == ["more memory", "Found on the disk."]
        assert "-      MAX_MEMORY: 2G" in revisions[0]["diff"]
        assert "+      MAX_MEMORY: 3G" in revisions[0]["diff"]

        answer = client.post(f"/servers/{server_id}/compose/revisions/1/restore")

        assert answer.status_code == 200, answer.text
        assert read(panel, server_id) == old
        assert operate(client, server_id, "down").status_code == 200


def test_a_stopped_server_is_made_anew_and_not_started(panel: Panel, server_id: str) -> None:
    old = read(panel, server_id)
    with panel.client() as client:
        up(client, server_id)
        assert operate(client, server_id, "stop").status_code == 200
        before = container_id(server_id)

        answer = client.post(
            f"/servers/{server_id}/compose", json={"yaml_content": old.replace("MAX_MEMORY: 2G", "MAX_MEMORY: 3G")}
        )

        assert answer.status_code == 200, answer.text
        assert container_id(server_id) not in {"", before}
        assert status(client, server_id) == "CREATED"
        assert operate(client, server_id, "start").status_code == 200
        assert operate(client, server_id, "down").status_code == 200


def test_start_after_a_change_by_hand_acts_as_up(panel: Panel, server_id: str) -> None:
    with panel.client() as client:
        up(client, server_id)
        assert operate(client, server_id, "stop").status_code == 200
        before = container_id(server_id)
        assert operate(client, server_id, "start").status_code == 200
        assert container_id(server_id) == before
        assert operate(client, server_id, "stop").status_code == 200
        path = panel.servers / server_id / "compose.yaml"
        path.write_text(path.read_text().replace("MAX_MEMORY: 2G", "MAX_MEMORY: 3G"))

        assert operate(client, server_id, "start").status_code == 200

        assert container_id(server_id) != before
        assert operate(client, server_id, "down").status_code == 200


def test_a_broken_or_unsafe_text_touches_nothing(panel: Panel, server_id: str) -> None:
    old = read(panel, server_id)
    with panel.client() as client:
        up(client, server_id)
        before = container_id(server_id)
        for text, expected in (
            (old.replace("mc:", "game:"), (400, "bad_compose_file")),
            (old + "    nonsense: 1\n", (403, "unsafe_compose")),
            (old.replace("mem_limit: 4g", "mem_limit: lots"), (400, "bad_compose_file")),
            (old + "    privileged: true\n", (403, "unsafe_compose")),
        ):
            answer = client.post(f"/servers/{server_id}/compose", json={"yaml_content": text})
            assert (answer.status_code, answer.json()["code"]) == expected, answer.text
        assert (container_id(server_id), read(panel, server_id)) == (before, old)
        assert operate(client, server_id, "down").status_code == 200


def test_a_file_put_there_by_hand_waits_for_an_owner(panel: Panel, server_id: str) -> None:
    path = panel.servers / server_id / "compose.yaml"
    path.write_text(path.read_text() + "    cap_add: [NET_ADMIN]\n")
    with panel.client() as client:
        refused = operate(client, server_id, "up")
        assert (refused.status_code, [one["code"] for one in refused.json()["findings"]]) == (403, ["cap_add"])
        assert operate(client, server_id, "up", accept_findings=["privileged"]).status_code == 403
        assert operate(client, server_id, "up", accept_findings=["cap_add"]).status_code == 200
        assert operate(client, server_id, "restart").status_code == 200  # accepted for these bytes
        assert operate(client, server_id, "stop").status_code == 200
        path.write_text(path.read_text() + "# another byte\n")
        assert operate(client, server_id, "start").status_code == 403
        assert operate(client, server_id, "down").status_code == 200


def test_a_game_deaf_to_sigterm_is_killed_and_the_answer_says_so(panel: Panel, server_id: str) -> None:
    path = panel.servers / server_id / "compose.yaml"
    path.write_text(path.read_text().replace("TYPE: PAPER", 'TYPE: PAPER\n      TESTBED_IGNORE_SIGTERM: "1"'))
    with panel.client() as client:
        up(client, server_id)

        answer = operate(client, server_id, "stop")

        assert answer.status_code == 200, answer.text
        warnings = answer.json()["operation"]["warnings"]
        assert len(warnings) == 1
        assert "was killed" in warnings[0]
        assert operate(client, server_id, "down").json()["operation"]["warnings"] == []


def test_kill_overtakes_a_stop_that_takes_long(panel: Panel, server_id: str) -> None:
    path = panel.servers / server_id / "compose.yaml"
    path.write_text(path.read_text().replace("TYPE: PAPER", 'TYPE: PAPER\n      TESTBED_IGNORE_SIGTERM: "1"'))
    with panel.client() as client:
        up(client, server_id)
        url = f"/servers/{server_id}/operations"
        stopping = client.post(url, json={"action": "stop"}, headers={"Prefer": "respond-async"})
        assert stopping.status_code == 202
        assert operate(client, server_id, "start").status_code == 409

        assert operate(client, server_id, "kill").status_code == 200

        assert status(client, server_id) == "CREATED"
        record = stopping.headers["Location"].removeprefix("/api")
        assert client.get(record).json()["state"] == "cancelled"
        assert operate(client, server_id, "down").status_code == 200
