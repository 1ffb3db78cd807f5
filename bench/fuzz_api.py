"""``make load-fuzz``: the whole API against its own document (docs/reports/fuzz-api.md).

Two rounds on a throwaway panel with a running and a stopped server, a snapshot and an operation, on the real engine and
restic: SYSTEM by the master token, then an owner by an access token. ``FUZZ_SEED`` repeats a run, ``FUZZ_EXAMPLES``
and ``FUZZ_SECONDS`` bound each round.
"""

import os
import random
import re
import subprocess
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from testing.fuzzing import CHECKS, Outcome, fuzz
from testing.panel import MASTER, Panel, running_panel, wait_for

REPORT = Path(__file__).resolve().parents[1] / "docs" / "reports" / "fuzz-api.md"
SEED = int(os.environ.get("FUZZ_SEED", random.randrange(1 << 32)))  # noqa: S311 - a number to repeat a run by
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "20")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "150"))
PASSWORD = "c0rrect horse battery"  # noqa: S105 - of a panel that lives for minutes
# They end the token that the round is made with; the round of SYSTEM has them.
SUICIDES = ("auth_logout_all", "users_replace", "users_change", "user_password")


class Keeper(threading.Thread):
    """Makes both servers anew whenever the round has removed them, and starts the one that should run."""

    def __init__(self, panel: Panel, *, runs: str, stopped: str) -> None:
        super().__init__(daemon=True)
        self._panel, self._runs, self._stopped = panel, runs, stopped
        self._over = threading.Event()

    def run(self) -> None:
        with self._panel.client() as client:
            while not self._over.wait(1):
                for server in (self._runs, self._stopped):
                    self.keep(client, server)

    def keep(self, client: httpx.Client, server: str) -> None:
        if not (self._panel.servers / server).is_dir():
            wanted = {"id": server, "accept_eula": True, "type": "PAPER", "version": "1.16.1"}
            client.post("/servers", json=wanted)
        if server == self._runs and client.get(f"/servers/{server}/status").json()["status"] in {"EXISTS", "CREATED"}:
            client.post(f"/servers/{server}/operations", json={"action": "up"})

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def kept(panel: Panel, runs: str, stopped: str) -> Iterator[None]:
    """Two servers; nothing of them is left on the engine afterwards."""
    keeper = Keeper(panel, runs=runs, stopped=stopped)
    try:
        with panel.client() as client:
            keeper.keep(client, runs)
            keeper.keep(client, stopped)
            keeper.keep(client, runs)
            wait_for(lambda: client.get(f"/servers/{runs}/status").json()["status"], "HEALTHY".__eq__, limit_s=60)
        keeper.start()
        yield
        keeper.end()
    finally:
        for server in (runs, stopped):
            subprocess.run(["docker", "rm", "--force", f"mc-{server}"], capture_output=True, check=False)
            subprocess.run(["docker", "network", "rm", f"{server}_default"], capture_output=True, check=False)


def seeded(panel: Panel, server: str) -> tuple[str, str]:
    """Return the ids of a snapshot and of an operation that there are."""
    with panel.client() as client:
        made = client.post("/snapshots", json={}).raise_for_status().json()
        operations = client.get(f"/servers/{server}/operations").json()["operations"]
    return str(made["snapshot"]["short_id"]), str(operations[0]["id"])


def owner(panel: Panel) -> str:
    """Return the token of an owner with an account."""
    panel.manage("createowner", "--username", "olga", "--password-stdin", text=f"{PASSWORD}\n")
    with panel.client() as client:
        return str(client.post("/auth/token", data={"username": "olga", "password": PASSWORD}).json()["access_token"])


def main() -> None:
    """Fuzz, write the report; exit with an error when anything is not as the document says."""
    print(f"FUZZ_SEED={SEED}", flush=True)
    own = uuid.uuid4().hex[:8]
    runs, stopped = f"fuzz-{own}-runs", f"fuzz-{own}-stopped"
    rounds: dict[str, Outcome] = {}
    bounds = ["--seed", str(SEED), "--max-examples", EXAMPLES, "--max-time", str(SECONDS)]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"RESTIC__REPOSITORY_PATH": f"{folder}/repository", "RESTIC__PASSWORD": "r3stic-of-the-fuzzing"}
        with running_panel(Path(folder), **settings) as panel:
            panel.manage("snapshot", "init")
            token = owner(panel)
            excluded = [word for name in SUICIDES for word in ("--exclude-operation-id", name)]
            with kept(panel, runs, stopped):
                snapshot, operation = seeded(panel, runs)
                known = {"servers": [runs, stopped], "snapshots": [snapshot], "operations": [operation]}
                started = time.monotonic()
                rounds["an owner"] = fuzz(panel, *bounds, *excluded, token=token, **known)
                is_alive = panel.client(token).get("/user/me").status_code == 200
                rounds["SYSTEM"] = fuzz(panel, *bounds, token=MASTER, **known)
                took_s = time.monotonic() - started
    faults = [f"{who}: {one.told}" for who, one in rounds.items() if one.exit_code or one.tracebacks]
    REPORT.write_text(report(rounds, took_s))
    print(REPORT.read_text())
    if not is_alive:
        faults.append("The owner's token had ended before its round was over: the round proved little.")
    if faults:
        raise SystemExit("\n\n".join(faults))


def report(rounds: dict[str, Outcome], took_s: float) -> str:
    """Return the report's text."""
    answers = sum((Counter({"all": one.count(100, 599)}) for one in rounds.values()), Counter())["all"]
    rows = "".join(
        f"| {who} | {one.operations} | {one.count(100, 599):,} | {one.count(200, 299):,} | {one.count(400, 499):,} "
        f"| {one.count(500, 599):,} | {len(one.tracebacks)} | {'; '.join(failures(one.told)) or 'none'} |\n"
        for who, one in rounds.items()
    )
    return (
        "# The API against its own document\n\n"
        "Written by `make load-fuzz`: schemathesis makes requests out of the OpenAPI document, right and wrong ones, "
        "and holds each answer\nagainst it. A throwaway panel with a running server, a stopped one and a snapshot, on "
        "the real engine and a real restic; most of the\nids and paths are of things that there are. Of 5xx "
        "only a `pull` may be one: 503 `registry_unreachable`, "
        "where the machine reaches\nno registry.\n\n"
        f"Seed {SEED}, at most {EXAMPLES} random examples an operation and {SECONDS} s a round, {answers:,} answers in "
        f"{took_s:.0f} s. Checks: {', '.join(f'`{one}`' for one in CHECKS)}.\n\n"
        "| as | operations | answers | 2xx | 4xx | 5xx | tracebacks | failures |\n|---|---|---|---|---|---|---|---|\n"
        f"{rows}"
    )


def failures(told: str) -> list[str]:
    """Return the kinds of failure that schemathesis sums up, with their numbers."""
    return re.findall(r"^  ❌ (.+)$", told, re.MULTILINE)


if __name__ == "__main__":
    main()
