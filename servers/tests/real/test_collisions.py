"""Many at once, killed in the middle, and others of the same name: on a real engine, nobody's container is touched."""

import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import programs
from servers.tests.conftest import write_server
from testing.killing import kill_during
from testing.panel import free_port, operate, real_text, running_panel, status, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

TINY = "mcadmin-testbed:tiny"
MANY = 50


@pytest.fixture
def names() -> Iterator[list[str]]:
    """Ids for the test's servers; whatever of them is left on the engine goes."""
    found = [f"k{uuid.uuid4().hex[:8]}" for _ in range(4)]
    yield found
    for name in found:
        listing = ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={name}"]
        ids = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["docker", "rm", "--force", f"mc-{name}", *ids], capture_output=True, check=False)
        subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def at_once(work: Any, count: int = MANY) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_of_many_operations_at_once_one_wins(tmp_path: Path, names: list[str]) -> None:
    server_id = names[0]
    with running_panel(tmp_path) as panel, panel.client() as client:
        write_server(panel.servers, server_id, real_text(server_id))

        answers = at_once(lambda _: operate(client, server_id, "up", headers={"Prefer": "respond-async"}))

        assert Counter(one.status_code for one in answers) == {202: 1, 409: MANY - 1}
        busy = [one.json() for one in answers if one.status_code == 409]
        assert {one["code"] for one in busy} == {"busy"}
        assert all("up, started by SYSTEM at" in one["detail"] for one in busy)
        wait_for(lambda: status(client, server_id), lambda one: one == "HEALTHY", limit_s=90)
        kinds = [one["state"] for one in client.get(f"/servers/{server_id}/operations").json()["operations"]]
        assert kinds == ["succeeded"]
        assert operate(client, server_id, "down").status_code == 200


def test_of_many_creates_of_one_id_and_port_one_wins(tmp_path: Path, names: list[str]) -> None:
    port, rcon = free_port(), free_port()
    with running_panel(tmp_path) as panel, panel.client() as client:
        wanted = {"id": names[0], "accept_eula": True, "game_port": port, "rcon_port": rcon}
        same_id = at_once(lambda _: client.post("/servers/", json=wanted))
        assert Counter(one.status_code for one in same_id) == {201: 1, 409: MANY - 1}, [one.text for one in same_id][:5]
        for one in same_id:
            if one.status_code == 409:
                assert "by SYSTEM at" in one.json()["detail"], one.text

        port, rcon = free_port(), free_port()
        same_port = at_once(
            lambda number: client.post(
                "/servers/", json={"id": f"p{number}", "accept_eula": True, "game_port": port, "rcon_port": rcon}
            )
        )
        assert Counter(one.status_code for one in same_port) == {201: 1, 409: MANY - 1}
        made = next(one.json()["id"] for one in same_port if one.status_code == 201)
        for one in same_port:
            if one.status_code == 409:
                assert made in one.json()["detail"] or "started by SYSTEM at" in one.json()["detail"], one.text
        assert sorted(one.name for one in panel.servers.iterdir()) == sorted([names[0], made])


def test_who_lets_us_choose_ports_gets_different_ones(tmp_path: Path) -> None:
    with running_panel(tmp_path) as panel, panel.client() as client:
        made = at_once(lambda number: client.post("/servers/", json={"id": f"q{number}", "accept_eula": True}), 8)

        assert [one.status_code for one in made] == [201] * 8, [one.text for one in made]
        ports = [port for one in made for port in (one.json()["gamePort"], one.json()["rconPort"])]
        assert len(set(ports)) == 16


@pytest.mark.parametrize(("kind", "after_s"), [("down", 0.5), ("update", 0.5), ("update", 4.0)])
def test_killed_in_the_middle_it_can_be_operated_again(
    tmp_path: Path, names: list[str], kind: str, after_s: float
) -> None:
    row = kill_during(tmp_path, names[0], kind=kind, after_s=after_s)

    assert row["state"] in {"interrupted", "succeeded"}


def test_nobodys_container_is_touched(tmp_path: Path, names: list[str]) -> None:
    base, foreign, squatted, _ = names
    upper, dotted = base.upper(), f"{base[:3]}.{base[3:]}"
    with running_panel(tmp_path) as panel, panel.client() as client:
        for name in (base, upper, dotted):
            write_server(panel.servers, name, real_text(name))
        for name in (foreign, squatted):
            write_server(panel.servers, name, real_text(name))
        elsewhere = tmp_path / "elsewhere" / foreign
        elsewhere.mkdir(parents=True)
        theirs_text = f"services:\n  mc:\n    image: {TINY}\n    mem_limit: 64m\n    init: true\n"
        theirs_text += "    command: [sleep, '600']\n"
        (elsewhere / "compose.yaml").write_text(theirs_text)
        compose = [programs.find("docker-compose") or "docker-compose", "--project-directory", str(elsewhere)]
        subprocess.run([*compose, "up", "--detach"], check=True, capture_output=True)
        squatter = [
            "docker", "run", "--detach", "--init", "--memory", "64m", "--name", f"mc-{squatted}", TINY, "sleep", "600",
        ]
        subprocess.run(squatter, check=True, capture_output=True)
        theirs = running(f"{foreign}-mc-1"), running(f"mc-{squatted}")
        try:
            for name in (base, upper, dotted):
                for action in ("up", "down", "kill", "stop", "start", "remove"):
                    answer = operate(client, name, action)
                    assert (answer.status_code, answer.json()["code"]) == (409, "project_clash"), answer.text
            for name in (foreign, squatted):
                for action in ("up", "down", "kill", "stop", "start", "restart", "pull", "remove"):
                    answer = operate(client, name, action)
                    assert (answer.status_code, answer.json()["code"]) == (409, "foreign_container"), answer.text
                text = (panel.servers / name / "compose.yaml").read_text() + "#\n"
                changed = client.post(f"/servers/{name}/compose", json={"yaml_content": text})
                assert (changed.status_code, changed.json()["code"]) == (409, "foreign_container"), changed.text
            problems = {one["id"]: one["problem"] or "" for one in client.get("/servers/").json()}
            assert all("same Compose project name" in problems[name] for name in (base, upper, dotted)), problems
            assert (running(f"{foreign}-mc-1"), running(f"mc-{squatted}")) == theirs
            assert all(one.endswith("true") for one in theirs)
            assert "not made from this directory" in problems[squatted]
        finally:
            subprocess.run([*compose, "down", "--timeout", "1"], check=True, capture_output=True)


def running(name: str) -> str:
    """The id and start of a container that runs."""
    done = subprocess.run(
        ["docker", "inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.State.Running}}", name],
        capture_output=True, text=True, check=False,
    )
    return done.stdout.strip()
