"""``make load-big-forms``: 20 strangers who send the largest forms to what needs no account.

Meanwhile an honest client asks and a viewer reads a console; in one run, in peace before and after. Loopback only.
Writes docs/reports/big-forms.md.
"""

import argparse
import asyncio
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.big_forms_strangers import FORMS, PER_S, STRANGERS
from bench.bystanders import ASKED, LINES_PER_S, Front, Phase, Viewer, go_through, listed, spread
from bench.console_load import CHECKOUT, new_log
from bench.panel_logs import tracebacks_in
from testing.panel import Panel, running_panel

REPORT = CHECKOUT / "docs" / "reports" / "big-forms.md"


async def measure(panel: Panel, seconds: float) -> tuple[list[Phase], str]:
    """Return all phases, the first and the last in peace, and what the viewer of the console says."""
    front = Front("the panel", panel.url)
    viewer, phases = Viewer(panel, front, "honest"), []
    async with viewer.watching():
        for form in ("", *FORMS, ""):
            words = ["bench.big_forms_strangers", form, str(seconds)] if form else None
            phase = Phase(form or "in peace")
            phases += [await go_through(phase, viewer, strangers=words, rest_s=seconds)]
    return phases, viewer.sentence()


def report(phases: list[Phase], said: str, seconds: float, tracebacks: int) -> str:
    """Return the report's text."""
    newline = "\n"
    peace = phases[0]
    return f"""# Large forms of strangers

Written by `make load-big-forms`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load
{os.getloadavg()[0]:.1f} at the end. {STRANGERS} strangers, each from an address of its own, send for {seconds:.0f} s a
form, one after another, {PER_S} a second of all, to `POST /api/auth/token` and `POST /admin/login/` by turns.
Meanwhile an honest client asks, each time on a connection of its own, and a viewer reads a console into which
{LINES_PER_S} numbered lines a second are written. The strangers run on the panel's cores.

p50 / p95 / most in ms; in brackets, p50 as a multiple of the first row's:

| | {" | ".join(f"`{path}`" for path in ASKED)} | lines late | not 200 |
|---|{"---|" * (len(ASKED) + 2)}
{newline.join(_row(phase, peace) for phase in phases)}

- {said}.
- Tracebacks in the panel's log: **{tracebacks}**.

What the strangers got:

{newline.join(f"- {phase.name}: {listed(phase.strangers)}" for phase in phases if phase.strangers)}
"""


def _row(phase: Phase, peace: Phase) -> str:
    answers = [_cell(phase.asked_ms[path], peace.asked_ms[path]) for path in ASKED]
    cells = [*answers, _cell(phase.late_ms, peace.late_ms), str(len(phase.not_200))]
    return f"| {phase.name} | {' | '.join(cells)} |"


def _cell(values: list[float], usual: list[float]) -> str:
    if not values or not usual:
        return "—"
    ratio = sorted(values)[len(values) // 2] / sorted(usual)[len(usual) // 2]
    return f"{spread(values)} ({ratio:.2f})"


def main() -> None:
    """Run, print, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="of each form (default: %(default)s)")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_panel(folder) as panel:
            new_log(panel, "honest")
            phases, said = asyncio.run(measure(panel, seconds))
        tracebacks = sum(tracebacks_in(folder).values())
    text = report(phases, said, seconds, tracebacks)
    REPORT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
