"""Volumes, networks and one-off containers of other Compose projects, whose names a server's file could take."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import programs
from servers.tests.conftest import write_server
from testing.panel import operate, real_text, running_panel

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

TINY = "mcadmin-testbed:tiny"


def docker(*argv: str, check: bool = True) -> str:
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=check).stdout.strip()


@pytest.fixture
def name() -> Iterator[str]:
    """A server's id; what is left of it, and of a project that begins like it, goes."""
    found = f"o{uuid.uuid4().hex[:8]}"
    yield found
    ids = docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={found}").split()
    docker("rm", "--force", f"mc-{found}", *ids, check=False)
    for kind in ("network", "volume"):
        for one in docker(kind, "ls", "--quiet", "--filter", f"name={found}_").split():
            docker(kind, "rm", one, check=False)


def text_of(name: str) -> str:
    return real_text(name)


@pytest.mark.parametrize(
    ("kind", "service", "top"),
    [
        ("volume", "      - b_thing:/thing\n", "volumes: {b_thing: {}}\n"),
        ("network", "    networks: [b_thing]\n", "networks: {b_thing: {}}\n"),
    ],
)
def test_what_another_project_made_is_not_taken_over(
    tmp_path: Path, name: str, kind: str, service: str, top: str
) -> None:
    theirs = f"{name}_b_thing"  # the thing of the project <name>_b, and of <name> the b_thing
    labels = {"com.docker.compose.project": f"{name}_b", f"com.docker.compose.{kind}": "thing"}
    docker(kind, "create", *(f"--label={key}={value}" for key, value in labels.items()), theirs)
    with running_panel(tmp_path) as panel, panel.client() as client:
        write_server(panel.servers, name, text_of(name) + service + top)

        answer = operate(client, name, "up")

        assert (answer.status_code, answer.json().get("code")) == (409, "foreign_resource"), answer.text
        assert f"{kind} '{theirs}'" in answer.json()["detail"]
        assert f"project '{name}_b'" in answer.json()["detail"]
        assert docker("ps", "--all", "--quiet", "--filter", f"name=mc-{name}") == ""
        docker(kind, "rm", theirs)
        assert operate(client, name, "up").status_code == 200
        assert operate(client, name, "restart").status_code == 200
        assert operate(client, name, "up").status_code == 200  # its own by now
        assert operate(client, name, "down").status_code == 200


def test_a_one_off_container_of_another_directory_is_not_removed(tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere" / name
    elsewhere.mkdir(parents=True)
    text = f"services:\n  job:\n    image: {TINY}\n    init: true\n    mem_limit: 64m\n"
    (elsewhere / "compose.yaml").write_text(text)
    compose = [programs.find("docker-compose") or "docker-compose", "--project-directory", str(elsewhere)]
    subprocess.run([*compose, "run", "--detach", "job", "sleep", "600"], check=True, capture_output=True)
    with running_panel(tmp_path) as panel, panel.client() as client:
        write_server(panel.servers, name, text_of(name))

        for action in ("down", "up", "remove"):
            answer = operate(client, name, action)
            assert (answer.status_code, answer.json().get("code")) == (409, "foreign_container"), answer.text

    listing = docker("ps", "--filter", f"label=com.docker.compose.project={name}", "--format", "{{json .State}}")
    assert json.loads(listing) == "running"
