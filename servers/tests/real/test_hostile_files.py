"""Every way we know to reach the host by a compose file, tried through the API against a real Compose."""

import json
import socket
import subprocess
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from rest_framework.test import APIClient
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

from core import programs
from servers.records import panel_ports
from servers.tests.conftest import compose_text
from servers.tests.real.hostile import TABLE, Hostile

pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]

CASES = [
    pytest.param(code, hostile, id=f"{name} {number}")
    for name, (code, variants) in TABLE.items()
    for number, hostile in enumerate(variants, start=1)
]


@pytest.fixture
def owner(api: APIClient) -> APIClient:
    from accounts.models import User, UserRole

    user = User(username="olivia", role=UserRole.OWNER)
    user.set_unusable_password()
    user.save()
    api.force_authenticate(user)
    return api


def test_the_table_is_as_large_as_promised() -> None:
    assert len(TABLE) >= 60
    assert all(len(variants) >= 2 for _, variants in TABLE.values())


@pytest.mark.parametrize(("code", "hostile"), CASES)
def test_a_hostile_file_is_refused_with_its_code(
    owner: APIClient, server_path: Path, code: str, hostile: Hostile
) -> None:
    server_id = f"h{uuid.uuid4().hex[:8]}"
    if hostile.files:  # put there by hand: it waits for an owner's acceptance
        hostile.lay(server_path / server_id, server_id)
        answer = owner.post(f"/api/servers/{server_id}/operations", {"action": "up"}, format="json")
    else:
        body = {"id": server_id, "yaml_content": hostile.written(server_id)}
        answer = owner.post("/api/servers", body, format="json")
        assert not (server_path / server_id).exists()

    assert answer.status_code in {400, 403}, answer.json()
    found = answer.json()["findings"]
    assert code in {one["code"] for one in found}, found
    assert all(one["message"].endswith(".") for one in found)
    listing = ["docker", "ps", "--all", "--quiet", "--filter", f"name=mc-{server_id}"]
    assert subprocess.run(listing, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize("action", ["up", "pull"])
@pytest.mark.parametrize(
    ("port", "files"),
    [
        ("127.0.0.2:${P:-5678}:8100", {}),
        ("${P}:8100", {".env": "P=5678\n"}),
        ("25999:8100", {"compose.override.yaml": 'services: {mc: {ports: ["[::1]:5678:8101"]}}\n'}),
    ],
    ids=["a default", "a variable", "an override"],
)
def test_no_accepted_finding_brings_the_panels_port_along(
    owner: APIClient, server_path: Path, port: str, files: dict[str, str], action: str
) -> None:
    panel_ports.note(5678)
    server_id = f"h{uuid.uuid4().hex[:8]}"
    begun = f'    env_file: [data/x.env]\n    ports:\n      - "{port}"\n'
    text = compose_text(server_id).replace("    ports:\n", begun)
    for name, content in {"compose.yaml": text, "data/x.env": "A=1\n", **files}.items():
        (server_path / server_id / name).parent.mkdir(parents=True, exist_ok=True)
        (server_path / server_id / name).write_text(content)

    request = {"action": action, "accept_findings": ["reference_in_data"]}
    answer = owner.post(f"/api/servers/{server_id}/operations", request, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "port_taken"), answer.json()
    assert "5678 is the panel's own" in answer.json()["detail"]


class Canary:
    """A directory outside with a secret; knows who opened what in it, and who called its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for name in ("secret.env", "secret.yaml", "run.sh"):
            (folder / name).write_text("CANARY=sings\n")
        self.opened: list[str] = []
        self._observer = Observer()
        handler = FileSystemEventHandler()
        handler.on_opened = lambda event: self.opened.append(Path(str(event.src_path)).name)  # type: ignore[method-assign]
        self._observer.schedule(handler, str(folder))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        self._observer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._observer.stop()
        self._observer.join()
        self._socket.close()

    def was_called(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except TimeoutError:
            return False
        return True

    def heard(self) -> list[str]:
        """What was opened, after the events have had time to come."""
        time.sleep(0.3)
        return sorted({name for name in self.opened if name != self.folder.name})


def reaching(canary: Canary) -> dict[str, Hostile]:
    """Files that would open the canary or call it while Compose only reads them."""
    there = canary.folder
    return {
        "env_file": Hostile(service=f"env_file: {there}/secret.env"),
        "env_file by a link": Hostile(service="env_file: l.env", files={"l.env": f"-> {there}/secret.env"}),
        "env_file by a linked directory": Hostile(service="env_file: d/secret.env", files={"d": f"-> {there}"}),
        "label_file": Hostile(service=f"label_file: {there}/secret.env"),
        "include": Hostile(top=f"include: [{there}/secret.yaml]\n"),
        "extends": Hostile(service=f"extends: {{file: {there}/secret.yaml, service: x}}"),
        ".env": Hostile(files={".env": f"-> {there}/secret.env"}),
        "override": Hostile(files={"compose.override.yaml": f"-> {there}/secret.yaml"}),
        "include's .env": Hostile(
            top="include: [s/i.yaml]\n", files={"s/i.yaml": "services: {}\n", "s/.env": f"-> {there}/secret.env"}
        ),
        "from the net": Hostile(top=f"include: ['http://127.0.0.1:{canary.port}/x.git']\n"),
    }


def let_compose_read(directory: Path) -> None:
    """Let Compose read the directory with nobody between; what it fetches from the canary never comes."""
    argv = [programs.find("docker-compose") or "docker-compose", "--project-directory", ".", "config"]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(argv, cwd=directory, capture_output=True, timeout=5, check=False)


def test_nothing_outside_is_read_fetched_or_run_while_checking(owner: APIClient, server_path: Path) -> None:
    with Canary(server_path.parent / "canary") as canary:
        files = reaching(canary)
        for number, hostile in enumerate(files.values()):
            hostile.lay(server_path / f"c{number}", f"c{number}")
            answer = owner.post(f"/api/servers/c{number}/operations", {"action": "up"}, format="json")
            assert answer.status_code in {400, 403}, answer.json()
            text = json.dumps(answer.json())
            assert "sings" not in text
        assert canary.heard() == []
        assert not canary.was_called()

        for number in range(len(files)):  # and it would have been: the canary can sing
            let_compose_read(server_path / f"c{number}")
        assert canary.heard() == ["secret.env", "secret.yaml"]
        assert canary.was_called()


REACHING_THE_HOST = {
    "bind": ("volumes: ['{there}:/host']", "cat /host/secret.env"),
    "variables": ("env_file: {there}/secret.env", "env"),
    "processes": ("pid: host", "cat /proc/{pid}/cmdline"),
}


@pytest.mark.parametrize("name", REACHING_THE_HOST)
def test_with_the_policy_off_it_would_have_reached_the_host(
    owner: APIClient, server_path: Path, tmp_path: Path, name: str
) -> None:
    line, command = REACHING_THE_HOST[name]
    with Canary(tmp_path / "canary") as canary:
        victim = subprocess.Popen(["sh", "-c", "sleep 60; : CANARY=sings"])
        try:
            server_id = f"h{uuid.uuid4().hex[:8]}"
            hostile = Hostile(service=line.format(there=canary.folder), replace=REPLACE_VOLUMES)
            hostile.lay(server_path / server_id, server_id)
            answer = owner.post(f"/api/servers/{server_id}/operations", {"action": "up"}, format="json")
            assert answer.status_code == 403, answer.json()

            directory = tmp_path / server_id
            directory.mkdir()
            shell = command.format(pid=victim.pid)
            (directory / "compose.yaml").write_text(
                f"services:\n  mc:\n    image: mcadmin-testbed:tiny\n    mem_limit: 64m\n"
                f"    command: [sh, -c, '{shell}']\n"
                f"    {line.format(there=canary.folder)}\n"
            )
            said = subprocess.run(
                [programs.find("docker-compose") or "docker-compose", "run", "--rm", "mc"],
                cwd=directory, capture_output=True, text=True, timeout=60, check=False,
            )
            assert "CANARY=sings" in said.stdout, said.stderr
        finally:
            victim.kill()
            victim.wait()
            down = [programs.find("docker-compose") or "docker-compose", "down", "--timeout", "1"]
            subprocess.run(down, cwd=directory, capture_output=True, check=False)


REPLACE_VOLUMES = ("    volumes:\n      - ./data:/data\n", "")
