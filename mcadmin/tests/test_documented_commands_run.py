"""Every command of README and docs/, typed at a terminal beside a running panel, on a real engine and a real restic."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from mcadmin.tests.test_documented_commands import is_run
from testing import documented
from testing.documented import ROOT, Command
from testing.panel import MASTER, Panel, free_port, receive_until, running_panel, wait_for
from testing.terminal import Done, type_in

pytestmark = [
    pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.long, pytest.mark.timeout(300),
]

PASSWORD = "correct-horse-battery"
METRICS = "m3trics-token"
# What a page takes for granted, in this order.
NEEDS = {
    "README.md": ["repository"],
    "docs/accounts.md": ["code"],
    "docs/api-guide.md": ["repository", "alice"],
    "docs/audit.md": ["lobby"],
    "docs/backups.md": ["survival runs"],
    "docs/console.md": ["lobby runs"],
    "docs/files.md": ["token", "lobby", "region.zip"],
    "docs/monitoring.md": [],
    "docs/operations.md": ["token", "lobby", "lobby is removed", "survival", "survival is removed"],
    "docs/operators-guide.md": [],
    "docs/restores.md": ["repository", "survival runs", "snapshot", "survival is stopped"],
    "docs/sockets.md": ["token"],
}
ANSWERS = {"Username:": "alice", "Password:": PASSWORD, "Password again:": PASSWORD}
# `curl` fails on an error and says the status: a text that shows an error names it.
CURL = """curl() { command curl --fail-with-body --write-out '%{stderr}HTTP %{http_code}\\n' "$@"; }"""


@dataclass
class Scene:
    """A panel, two servers that no other test run has, and what the placeholders of the texts stand for."""

    panel: Panel
    at_end: ExitStack
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    shell: list[str] = field(default_factory=list)

    def real(self, text: str) -> str:
        """Return ``text`` with the things of this scene in the places of the text's."""
        for placeholder, value in self.values.items():
            text = text.replace(placeholder, value)
        return re.sub(r"\b(lobby|survival)\b(-\d{8}T\d+Z)?", self._name, text)

    def _name(self, found: re.Match[str]) -> str:
        own = self.names[found[1]]
        removed = (self.panel.servers / ".removed").glob(f"{own}-*")
        return next(one.name for one in removed) if found[2] else own

    def provide(self, need: str) -> None:
        """Bring about what a page takes for granted."""
        name, _, state = need.partition(" ")
        if name in self.names:
            self._server(self.names[name], state)
        elif need == "repository":
            self.panel.manage("snapshot", "init")
        elif need == "alice":
            self.panel.manage("createowner", "--username", "alice", "--password-stdin", text=f"{PASSWORD}\n")
        elif need == "snapshot":
            made = self.panel.manage("snapshot", "create", self.names["survival"])
            self.values["1a2b3c4d"] = re.findall(r"\b[0-9a-f]{8}\b", made)[-1]
        elif need == "region.zip":
            (self.panel.folder / "region.zip").write_bytes(os.urandom(9 << 20))
        elif need == "token":
            self.shell += [f"TOKEN={MASTER}", f'AUTH="Authorization: Bearer {MASTER}"']
        elif need == "code":
            page = self.at_end.enter_context(connect(f"{self.panel.url.replace('http', 'ws')}/api/auth/code"))
            self.values["01234567"] = receive_until(page, lambda frame: frame["type"] == "code")["code"]

    def _server(self, server_id: str, state: str) -> None:
        with self.panel.client() as client:
            if state in {"", "runs"}:
                ports = {"game_port": free_port(), "rcon_port": free_port()}
                wanted = {"id": server_id, "accept_eula": True, "type": "PAPER", "version": "1.16.1", **ports}
                client.post("/servers", json=wanted).raise_for_status()
            actions = {"": [], "runs": ["up"], "is removed": ["remove"], "is stopped": ["stop"]}[state]
            for action in actions:
                client.post(f"/servers/{server_id}/operations", json={"action": action}).raise_for_status()
            if state == "runs":
                wait_for(lambda: self._status(client, server_id), lambda status: status == "HEALTHY", limit_s=60)

    @staticmethod
    def _status(client: httpx.Client, server_id: str) -> object:
        return client.get(f"/servers/{server_id}/status").json()["status"]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    own = uuid.uuid4().hex[:8]
    names = {"lobby": f"lobby-{own}", "survival": f"survival-{own}"}
    settings = {
        "RESTIC__REPOSITORY_PATH": str(tmp_path / "repository"), "RESTIC__PASSWORD": "r3stic-of-the-documents",
        "METRICS_TOKEN": METRICS,
    }
    with ExitStack() as at_end, running_panel(tmp_path, **settings) as panel:
        values = {
            "http://127.0.0.1:5678": panel.url, "ws://127.0.0.1:5678": panel.url.replace("http", "ws"),
            "<metrics_token>": METRICS,
            "password=…": f"password={PASSWORD}", '"password": "…"': f'"password": "{PASSWORD}"',
        }
        try:
            yield Scene(panel, at_end, names, values)
        finally:
            for name in [*names.values(), f"{names['survival']}-2"]:
                subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
                subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def test_every_page_has_its_needs_named() -> None:
    with_commands = {page for page in documented.pages() if any(map(is_run, documented.commands(page)))}
    assert with_commands == set(NEEDS)


@pytest.mark.parametrize("page", NEEDS)
def test_every_command_of(page: str, scene: Scene) -> None:
    for need in NEEDS[page]:
        scene.provide(need)
    commands = [command for command in documented.commands(page) if is_run(command)]
    typed = [scene.real(command.text) for command in commands]
    done = type_in(
        typed,
        folder=scene.panel.folder,
        environment=scene.panel.environment
        | {"PATH": f"{sys.prefix}/bin:{os.environ['PATH']}", "PASSWORD": PASSWORD, "MASTER_TOKEN": MASTER},
        answers=ANSWERS,
        keys={number: "\x04" for number, text in enumerate(typed) if is_left_by_hand(text)},
        before="\n".join([CURL, *preamble(scene), *scene.shell]),
        limit_s=200,
    )
    wrong = [found for command, one in zip(commands, done, strict=True) if (found := fault(command, one, scene))]
    assert not wrong, "\n".join(wrong)


def preamble(scene: Scene) -> list[str]:
    """Return what other pages take over from the first block of the API guide."""
    block = next(documented.blocks("docs/api-guide.md"))
    return [scene.real(line) for line in block.lines]


def is_left_by_hand(text: str) -> bool:
    return re.search(r"manage\.py console|-m websockets", text) is not None and "|" not in text


def fault(command: Command, done: Done, scene: Scene) -> str:
    """Say what of this command is not as the text says; nothing if all is."""
    if done.exit_code != command.wanted_exit:
        return f"{command.where}\n  ended with {done.exit_code}: {done.output[-1500:]}"
    if (status := command.wanted_status) is not None and f"HTTP {status}" not in done.output:
        return f"{command.where}\n  was not answered {status}: {done.output[-1500:]}"
    if command.printed:
        wanted = scene.real("\n".join(command.printed))
        if not re.search(_pattern(wanted), _even(done.output), re.DOTALL):
            return f"{command.where}\n  printed {done.output[-1500:]!r}\n  not {wanted!r}"
    return ""


def _pattern(wanted: str) -> str:
    return re.escape(_even(wanted)).replace("…", ".*")


def _even(text: str) -> str:
    """Return ``text`` with what differs from run to run made alike."""
    return re.sub(r"\d+", "0", re.sub(r"\b[0-9a-f]{8}\b", "h", text))
