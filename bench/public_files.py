"""``make load-public-files``: thirty files in public style, each adopted, edited, started, saved, verified, restored.

Everything over HTTP, on the real engine and restic. The report has a row for each file, and says where a ``problem``
or a level below ``flushed`` is right.
"""

import argparse
import gzip
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.public_file_table import FILES, PublicFile
from bench.torn_worlds import PASSWORD, ROOT
from servers.tests.conftest import IMAGE
from testing.panel import Panel, free_port, running_panel, wait_for

REPORT = ROOT / "docs" / "reports" / "public-files.md"
LEVEL_DAT = gzip.compress(b"\x0a\x00\x00\x0a\x00\x04Data\x03\x00\x01x\x00\x00\x00\x05\x00\x00")
ALLOWED = ["itzg/minecraft-server", "itzg/minecraft-bedrock-server"]
COMPOSE = "docker-compose.yml"
KNOWN_S = 75.0  # a new file is rendered within a second, a new volume asked about within a minute
EDIT = "# edited by the panel"

HEAD = (
    "# Files as people have them", "",
    f"{len(FILES)} compose files in public style of our own making (`make load-public-files`), each put in the",
    "servers' folder by hand, listed, edited over the API, started where its image is the test bed's, saved, the",
    "snapshot verified by a restore drill and restored as a new server (yes: it has the world). The allowed images are",
    "`itzg/minecraft-server` and `itzg/minecraft-bedrock-server`; an owner accepts findings.", "",
    "| file | problem | started | snapshot | drill | as a new server | edited | why |",
    "|---|---|---|---|---|---|---|---|",
)


@dataclass
class Outcome:
    """What came of one file; ``wrong``: what should not have."""

    problem: str
    started: str
    level: str
    drill: bool | None  # None: no world
    restored: bool
    edited: bool
    seconds: float

    def wrong(self, wanted: PublicFile) -> list[str]:
        """Return what is not as it must be."""
        is_problem = wanted.problem in self.problem if wanted.problem else not self.problem
        checks = {
            f"problem: {self.problem!r}": is_problem, f"level: {self.level}": self.level == wanted.level,
            f"the drill: {self.drill}": self.drill is wanted.drill,
            f"as a new server: {self.restored}": self.restored is wanted.restored,
            f"the edit: {self.edited}": self.edited is wanted.edited,
        }
        return [what for what, is_right in checks.items() if not is_right]


class Bed:
    """A panel with a repository, and one file after the other."""

    def __init__(self, panel: Panel, client: httpx.Client) -> None:
        self._panel = panel
        self._client = client

    def run(self, wanted: PublicFile) -> Outcome:
        """Do everything with one file, and take everything away in the end."""
        name, began = f"pub-{uuid.uuid4().hex[:8]}", time.perf_counter()
        self._write(name, wanted)
        try:
            problem, accept = self._adopt(name)
            edited = self._edit(name, accept)
            started = self._start(name, accept) if wanted.starts else "no"
            made = self._done(f"/servers/{name}/snapshots", {})["snapshot"]
            drill = self._done(f"/snapshots/{made['id']}/verify", {})
            if wanted.starts:
                self._done(f"/servers/{name}/operations", {"action": "down", **accept})
            restored = self._restore(f"{name}-2", made["id"], accept)
            return Outcome(
                problem, started, made["saved"], drill["passed"], restored, edited, time.perf_counter() - began
            )
        finally:
            _clean(name)

    def _write(self, name: str, wanted: PublicFile) -> None:
        ports = {f"@{mark}@": str(free_port()) for mark in "GRU"} | {"@I@": IMAGE, "@N@": name}
        folder = self._panel.servers / name
        for path, text in {COMPOSE: wanted.text, **wanted.beside}.items():
            for mark, value in ports.items():
                text = text.replace(mark, value)  # noqa: PLW2901 - each mark in turn
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            content = LEVEL_DAT if path.endswith("level.dat") else text.encode()
            (folder / path).write_bytes(content)

    def _adopt(self, name: str) -> tuple[str, dict[str, Any]]:
        """List and describe the server; return its problem, and how its findings are accepted."""
        client = self._client
        wait_for(lambda: [one["id"] for one in client.get("/servers").json()], lambda ids: name in ids, limit_s=20)
        time.sleep(1)  # until Compose has rendered it: till then the text alone counts
        detail = client.get(f"/servers/{name}").json()
        codes = sorted({one["code"] for one in detail["findings"]})
        return detail["problem"] or "", {"accept_findings": codes} if codes else {}

    def _edit(self, name: str, accept: dict[str, Any]) -> bool:
        """Add a line to the file over the API; tell whether it is there, and the rest as before."""
        path = self._panel.servers / name / COMPOSE
        before = path.read_bytes()
        end = "\r\n" if b"\r\n" in before else "\n"
        text = self._client.get(f"/servers/{name}/compose").json()["yaml_content"]
        answer = self._client.post(f"/servers/{name}/compose", json={"yaml_content": f"{text}{EDIT}{end}", **accept})
        if answer.status_code != httpx.codes.OK:
            print(name, answer.text, flush=True)
        return answer.status_code == httpx.codes.OK and path.read_bytes() == before + f"{EDIT}{end}".encode()

    def _start(self, name: str, accept: dict[str, Any]) -> str:
        self._done(f"/servers/{name}/operations", {"action": "up", **accept})
        read = f"/servers/{name}/status"
        has_check = "disable: true" not in (self._panel.servers / name / COMPOSE).read_text()
        status = "HEALTHY" if has_check else "RUNNING"
        wait_for(lambda: self._client.get(read).json()["status"], lambda one: one == status, limit_s=90)
        if not has_check:  # then only the game itself tells that it is there
            players = f"/servers/{name}/players"
            wait_for(lambda: self._client.get(players).status_code, lambda one: one == httpx.codes.OK, limit_s=60)
        return status

    def _restore(self, new: str, snapshot: str, accept: dict[str, Any]) -> bool:
        """Restore as a new server; tell whether it is listed and has the world."""
        request = {"snapshot_id": snapshot, "as": new, "skip_safety_check": True, **accept}
        if self._client.post("/snapshots/restore", json=request).status_code != httpx.codes.OK:
            return False
        end = time.monotonic() + KNOWN_S
        while not (has_world := self._has_world(new)) and time.monotonic() < end:
            time.sleep(0.2)
        return has_world and self._client.get(f"/servers/{new}").status_code == httpx.codes.OK

    def _has_world(self, server: str) -> bool:
        world = self._client.get(f"/servers/{server}/files", params={"path": "world"})
        return world.status_code == httpx.codes.OK and "level.dat" in {one["name"] for one in world.json()["items"]}

    def _done(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=body)
        assert answer.status_code == httpx.codes.OK, f"{path}: {answer.text}"
        return answer.json()


def _clean(name: str) -> None:
    """Take away containers, networks and volumes whose names begin with the server's."""
    for kind in (["ps", "--all"], ["network", "ls"], ["volume", "ls"]):
        argv = ["docker", *kind, "--quiet", "--filter", f"name={name}"]
        ids = subprocess.run(argv, capture_output=True, check=True, text=True).stdout.split()
        what = ["rm", "--force", "--volumes"] if kind[0] == "ps" else [kind[0], "rm"]
        if ids:
            subprocess.run(["docker", *what, *ids], capture_output=True, check=False)


def _row(name: str, one: Outcome, wanted: PublicFile) -> str:
    yes = {True: "yes", False: "no"}
    drill = {True: "passed", False: "findings", None: "no world"}[one.drill]
    problem = one.problem.replace("|", "\\|") or "—"
    return (
        f"| {name} | {problem} | {one.started} | {one.level} | {drill} | {yes[one.restored]} | {yes[one.edited]} "
        f"| {wanted.why} |"
    )


def main() -> None:
    """Run all files and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(FILES), help="these files; then no report is written")
    only = parser.parse_args().only
    rows, wrong, began = [], [], time.perf_counter()
    with tempfile.TemporaryDirectory() as text:
        repository = {"RESTIC__REPOSITORY_PATH": f"{text}/repository", "RESTIC__PASSWORD": PASSWORD}
        with running_panel(Path(text), ALLOWED_IMAGES=",".join(ALLOWED), **repository) as panel:
            panel.manage("snapshot", "init")
            with panel.client() as client:
                bed = Bed(panel, client)
                for name in only:
                    try:
                        found = bed.run(FILES[name])
                    except AssertionError as error:
                        wrong.append(f"{name}: {error}")
                        print(wrong[-1], flush=True)
                        continue
                    rows.append(_row(name, found, FILES[name]))
                    wrong += [f"{name}: {what}" for what in found.wrong(FILES[name])]
                    print(f"{rows[-1]} {found.seconds:.0f} s", found.wrong(FILES[name]), flush=True)
    if len(only) == len(FILES):
        took = f"All {len(rows)} took {(time.perf_counter() - began) / 60:.0f} minutes."
        REPORT.write_text("\n".join([*HEAD, *rows, "", took, ""]))
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    main()
