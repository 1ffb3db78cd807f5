"""``make load-audit``: 20,000 changing requests by 20 clients; what became of them, and what the audit costs.

Two panels in one run, one with and one without the audit, take turns, so that both meet the same machine.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from servers.tests.conftest import write_server
from testing import audit_load
from testing.panel import Panel, running_panel

REPORT = Path(__file__).resolve().parents[1] / "docs" / "reports" / "audit.md"
ROUNDS, WITH, WITHOUT = 20, 1000, 300


@dataclass
class Cost:
    """What some requests took."""

    requests: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, requests: int, wall_s: float, cpu_s: float) -> None:
        self.requests, self.wall_s, self.cpu_s = self.requests + requests, self.wall_s + wall_s, self.cpu_s + cpu_s

    def told(self) -> str:
        each = 1000 / self.requests
        return f"{self.requests} | {self.wall_s * each:.2f} ms | {self.cpu_s * each:.2f} ms"


def send(panel: Panel, clients: audit_load.Clients, count: int, cost: Cost) -> list[str]:
    cpu, started = audit_load.cpu_s(panel), time.perf_counter()
    answers = asyncio.run(clients.send(count))
    assert answers.broken == 0
    cost.add(count, time.perf_counter() - started, audit_load.cpu_s(panel) - cpu)
    return answers.ids


def measure(audited: Panel, bare: Panel) -> tuple[list[str], Cost, Cost]:
    """Let both take turns; return the ids that the audited one answered and what each cost."""
    write_server(audited.servers, "survival")
    write_server(bare.servers, "survival")
    ours = audit_load.Clients(audited, audit_load.sign_in(audited))
    other = audit_load.Clients(bare, audit_load.sign_in(bare))
    send(audited, ours, 100, Cost())  # both are warm
    send(bare, other, 100, Cost())
    ids, with_audit, without = [], Cost(), Cost()
    for _ in range(ROUNDS):
        ids += send(audited, ours, WITH, with_audit)
        send(bare, other, WITHOUT, without)
    return ids, with_audit, without


def main() -> None:
    """Run, check, write the report."""
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder, "with"), Path(folder, "without")
        one.mkdir()
        two.mkdir()
        with running_panel(one) as audited, running_panel(two, AUDIT__ENABLED="false") as bare:
            ids, with_audit, without = measure(audited, bare)
        rows, lines = audit_load.rows(audited), audit_load.lines(audited)
        verified = audited.manage("audit", "verify").strip().partition(" The last")[0]
    wanted = len(ids) + 100
    assert len(rows) == len(set(rows)) == wanted, f"{len(rows)} rows for {wanted} requests"
    assert rows == lines
    assert set(ids) <= set(rows)
    wall = (with_audit.wall_s / with_audit.requests) / (without.wall_s / without.requests)
    cpu = (with_audit.cpu_s / with_audit.requests) / (without.cpu_s / without.requests)
    text = f"""# Audit under load

Made by `make load-audit`: 20 clients at once, each `POST /servers/survival/rcon` of a server that does not run
(signed in, answered 409). Two panels in one run take turns, one with the audit and one without.

| | requests | time a request | processor time a request |
|---|---|---|---|
| with the audit | {with_audit.told()} |
| without | {without.told()} |
| ratio | | {wall:.2f} | {cpu:.2f} |

Requests answered: {wanted}. Rows: {len(rows)}. Lines: {len(lines)}, in the same order. Every answered
`X-Request-ID` has its row and its line. `manage.py audit verify`: {verified}
"""
    REPORT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
