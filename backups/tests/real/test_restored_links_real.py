"""What a game plants in its files, saved, restored in every way and read by every verb: never a way out of the server.

On the real engine and a real restic, for data in a folder and in a volume. The links are made inside of a container.
"""

import os
import shutil
import subprocess
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import write_server
from servers.tests.real.test_files_escape import CANARY, http_verbs
from testing.panel import Panel, operate, real_text, running_panel
from testing.repositories import PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]

TINY = "mcadmin-testbed:tiny"
# It binds nothing, so that the compose policy has no reason to look at ``data``.
PLANTED = """services:
  mc:
    image: {image}
    container_name: mc-{id}
    mem_limit: 64m
    environment: {{EULA: 'TRUE'}}
"""
WHOLE = ("list", "download or zip", "search")  # they tell of all that lies below
LAST = ("delete", "rename", "move from")  # they take away what the other verbs are to be led through


@dataclass(frozen=True)
class Attack:
    """One server with its container, and a folder of the machine that nobody may reach through it."""

    panel: Panel
    client: httpx.Client
    id: str
    outside: Path
    is_in_volume: bool = False

    @property
    def new_id(self) -> str:
        return f"{self.id}-new"

    @property
    def home(self) -> Path:
        return self.panel.servers / self.id

    def data(self) -> Path:
        if not self.is_in_volume:
            return self.home / "data"
        return Path(docker("volume", "inspect", "--format", "{{.Mountpoint}}", f"{self.id}_world"))

    def in_game(self, script: str) -> None:
        docker("exec", f"mc-{self.id}", "sh", "-ec", script)

    def plant(self, folder: str, *, link: str) -> None:
        """Make a server of the game's own design at ``folder`` of its data, with a link in the place of ``link``."""
        text = PLANTED.format(image=TINY, id=self.id).replace("\n", "\\n")
        self.in_game(f'mkdir -p /data/{folder}; printf "{text}" > /data/{folder}/compose.yaml')
        self.in_game(f"mkdir -p /data/$(dirname {link}); ln -s {self.outside} /data/{link}")

    def save(self, **body: Any) -> str:
        answer = self.client.post("/snapshots", json={"server_id": self.id, **body})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["snapshot"]["id"])

    def stop(self) -> None:
        assert operate(self.client, self.id, "down").status_code == 200


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def honest(attack: Attack) -> str:
    """Show that the requests below do restore: nothing is planted but folders."""
    attack.in_game(f"mkdir -p /data/{attack.id}/data; echo there > /data/{attack.id}/data/note")
    snapshot = attack.save()
    attack.stop()
    return snapshot


def planted_server(attack: Attack) -> str:
    attack.plant(attack.id, link=f"{attack.id}/data")
    snapshot = attack.save(path=attack.id)
    attack.stop()
    return snapshot


def planted_below(attack: Attack) -> str:
    """The same one folder further down, so that the names stand twice in a row in the path."""
    attack.plant(f"{attack.id}/data/{attack.id}", link=f"{attack.id}/data/{attack.id}/data")
    snapshot = attack.save(path=f"{attack.id}/data/{attack.id}")
    attack.stop()
    return snapshot


def planted_folder_is_a_link(attack: Attack) -> str:
    attack.in_game(f"ln -s {attack.outside} /data/{attack.id}")
    snapshot = attack.save()
    attack.stop()
    return snapshot


def data_is_a_link(attack: Attack) -> str:
    """Saved while the server's own ``data`` was a link, which is put right before the restore."""
    attack.stop()
    data, aside = attack.home / "data", attack.home / "aside"
    data.rename(aside)
    data.symlink_to(attack.outside)
    snapshot = attack.save()
    data.unlink()
    aside.rename(data)
    return snapshot


def server_is_a_link(attack: Attack) -> str:
    """The server's folder is moved away and a link to it put in its place, by whomever, before the restore."""
    snapshot = attack.save()
    attack.stop()
    shutil.copytree(attack.home, attack.outside / "moved", symlinks=True)
    (attack.outside / "moved/data/canary").write_text(CANARY)
    attack.home.rename(attack.panel.folder / f"{attack.id}-aside")
    attack.home.symlink_to(attack.outside / "moved")
    return snapshot


def planted_volume(attack: Attack) -> str:
    """What lies in a volume, as the snapshot's own paths name it: ``<volume>/_data``."""
    attack.plant(attack.id, link=f"{attack.id}_world/_data")
    snapshot = attack.save(path=f"{attack.id}_world")
    attack.stop()
    return snapshot


PLANTS = (honest, planted_server, planted_below, planted_folder_is_a_link)
CASES = [  # nobody makes a link of a volume's folder: it is the engine's
    *(("folder", plant) for plant in (*PLANTS, data_is_a_link, server_is_a_link)),
    *(("volume", plant) for plant in (*PLANTS, planted_volume)),
]
# Each kind of data and each plant once in `make test`; of the rest each case takes five seconds.
LONG = (("folder", planted_server), ("folder", planted_folder_is_a_link), ("volume", honest), ("volume", planted_below))
TABLE = [pytest.param(*case, marks=[pytest.mark.long] if case in LONG else []) for case in CASES]
REQUESTS: dict[str, dict[str, str]] = {
    "whole": {}, "path": {"path": "{id}/data"}, "all of its data": {"path": "/"}, "as": {"as": "{id}-new"},
}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("links")
    make_empty(folder / "repository")
    settings = {
        "RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD,
        "ALLOWED_IMAGES": f"itzg/minecraft-server,{TINY.partition(':')[0]}",
    }
    with running_panel(folder, **settings) as one:
        yield one


@pytest.fixture
def attack(request: pytest.FixtureRequest, panel: Panel, tmp_path: Path) -> Iterator[Attack]:
    name = f"k{uuid.uuid4().hex[:8]}"
    text = real_text(name, image=TINY, memory="64m")
    # `init`: sleep alone is deaf to SIGTERM, and a panel waits a minute for the deaf.
    text = text.replace("    volumes:", "    command: [sleep, '600']\n    init: true\n    volumes:")
    if is_in_volume := request.param == "volume":
        text = text.replace("./data:/data", "world:/data") + "\nvolumes:\n  world: {}\n"
    write_server(panel.servers, name, text)
    outside = tmp_path / "outside"
    (outside / "data").mkdir(parents=True)
    (outside / "canary").write_text(CANARY)
    (outside / "data/canary").write_text(CANARY)
    (outside / "compose.yaml").write_text(PLANTED.format(image=TINY, id=name))
    with panel.client() as client:
        up = operate(client, name, "up")
        assert up.status_code == 200, up.text
        one = Attack(panel, client, name, outside, is_in_volume)
        one.in_game("mkdir /data/sub; echo inside > /data/sub/file")
        with zipfile.ZipFile(one.data() / "pack.zip", "w") as archive:
            archive.writestr("canary", "changed")
        yield one
    remove(name)
    remove(f"{name}-new")


def remove(project: str) -> None:
    its = ("--quiet", "--filter", f"label=com.docker.compose.project={project}")
    if ids := docker("ps", "--all", *its).split():
        docker("rm", "--force", *ids)
    for kind in ("volume", "network"):
        if names := docker(kind, "ls", *its).split():
            docker(kind, "rm", *names)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def led_out(attack: Attack, server_id: str) -> dict[tuple[str, ...], str]:
    """Try every verb of the file API on paths that could lead out; return what is wrong."""
    found: dict[tuple[str, ...], str] = {}
    verbs = http_verbs(attack.client, server_id)
    planted = (attack.id, f"{attack.id}/data", f"{attack.id}/data/{attack.id}/data", f"{attack.id}_world/_data")
    links = [one for one in planted if (attack.data() / one).is_symlink()]
    for verb in sorted(verbs, key=LAST.__contains__):
        for path in (*(("",) if verb in WHOLE else ()), "canary", *(f"{one}/canary" for one in links)):
            status, text = verbs[verb](path)
            if CANARY in text or status >= 500:
                found[server_id, verb, path] = f"{status} {text[:100]}"
    return found


@pytest.mark.parametrize(("attack", "plant"), TABLE, indirect=["attack"], ids=lambda one: getattr(one, "__name__", one))
def test_restored_links_lead_no_verb_out(attack: Attack, plant: Callable[[Attack], str]) -> None:
    snapshot = plant(attack)
    before, text = contents(attack.outside), (attack.home / "compose.yaml").read_bytes()
    answers: dict[str, int] = {}
    wrong: dict[tuple[str, ...], str] = {}
    for name, request in REQUESTS.items():
        body = {key: value.format(id=attack.id) for key, value in request.items()}
        body |= {"snapshot_id": snapshot, "server_id": attack.id}
        answer = attack.client.post("/snapshots/restore", json={**body, "skip_safety_check": True})
        answers[name] = answer.status_code
        for folder in (attack.home / "data", attack.data(), attack.panel.servers / attack.new_id / "data"):
            if folder.is_symlink() and not attack.home.is_symlink():
                wrong[name, str(folder)] = "it became a link"
        for server_id in {attack.id, body.get("as", attack.id)}:
            wrong |= {(name, *where): what for where, what in led_out(attack, server_id).items()}
        if contents(attack.outside) != before:
            wrong[name,] = "something outside was changed"

    print(f"\n{plant.__name__}, {attack.data()}: {answers}")  # noqa: T201 - what was refused, and what restored
    assert wrong == {}
    assert (attack.home / "compose.yaml").read_bytes() == text
    assert not os.path.lexists(attack.home / "aside")
    if plant is honest:
        assert set(answers.values()) == {200}
