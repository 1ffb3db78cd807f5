"""``make load-restore-kills``: a restore killed before each step, and what is left (docs/reports/restore-kills.md)."""

import os
import tempfile
from pathlib import Path

from testing.restore_deaths import Deaths, Left

REPORT = Path(__file__).resolve().parents[1] / "docs/reports/restore-kills.md"
HEAD = """# A restore, killed at each step

Made by `make load-restore-kills`. A step is one change that the restore makes to the servers' disk; the process is
killed with SIGKILL right before it, then the panel's recovery runs. {scope} "World" is what
the server has: all files of one kind, or "mixed". The old world is kept under `.removed/` whenever the world is the
new one. In a volume two trees are swapped, the volume's and the server's folder; "mixed" would be one of each.
"""
COLUMNS = """| killed | when | world | old one kept | operation | safety snapshot | well |
|---|---|---|---|---|---|---|
"""


EVERY = "Every step was taken (`EVERY_STEP=1`)."
MOST = """Steps that only set owners,
modes and times, or wait for the disk, are left out but right after a swap (`EVERY_STEP=1` takes all)."""


def main() -> None:
    """Kill, look, write the report; exit with an error when anything is not well."""
    tables: list[str] = []
    bad = count = 0
    for name, in_volume in (("The world in the server's folder", False), ("The world in a named volume", True)):
        with tempfile.TemporaryDirectory() as folder:
            deaths = Deaths(Path(folder), in_volume=in_volume)
            try:
                rows, not_well = kill_each(deaths)
            finally:
                deaths.close()
        tables.append(f"\n## {name}\n\n{COLUMNS}{''.join(rows)}")
        bad, count = bad + not_well, count + len(rows)
    head = HEAD.format(scope=EVERY if os.environ.get("EVERY_STEP") else MOST)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(f"{head}{''.join(tables)}\n{count} restores, {bad} of them not well.\n")
    if bad:
        raise SystemExit(f"{bad} of {count} are not well: {REPORT.name}")


def kill_each(deaths: Deaths) -> tuple[list[str], int]:
    """Kill a restore at each step; return the table's rows and how many of them are not well."""
    rows: list[str] = []
    whole = deaths.die("whole", "--safety-snapshot")
    bad = record(rows, "nobody", "-", whole)
    for verb, what in (("backup", "safety snapshot"), ("restore", "restic writes the staged tree")):
        for who in ("panel", "restic"):
            bad += record(
                rows, who, what, deaths.die(f"{verb}-{who}", "--safety-snapshot", DIE_WHEN=verb, DIE_WHO=who)
            )
    for number, step in enumerate(whole.steps, 1):
        name = step.partition(" ")[2]
        if not changes_names(whole.steps, number) and not os.environ.get("EVERY_STEP"):
            continue
        left = deaths.die(f"step{number}", "--safety-snapshot", DIE_AT=str(number))
        bad += record(rows, "panel", f"before step {number} of {len(whole.steps)}: {shown(name)}", left)
    return rows, bad


def record(rows: list[str], who: str, when: str, left: Left) -> int:
    """Add a row; return 1 where something must not be."""
    named = "named" if any(one in left.error for one in left.safety) else ("made" if left.safety else "none yet")
    well = "; ".join(left.problems) or "yes"
    row = f"| {who} | {when} | {left.files} | {'yes' if left.kept else 'no'} | {left.state} | {named} | {well} |\n"
    print(row, end="", flush=True)
    rows.append(row)
    return bool(left.problems)


def changes_names(steps: list[str], number: int) -> bool:
    """Tell whether a step, or the one before it, changes what is where; of the clean-up the first and the last."""
    kinds = [step.split(" ")[1] for step in steps]
    gone = [count for count, kind in enumerate(kinds, 1) if kind in {"unlink", "rmdir"}]
    if number in gone:
        return number in {gone[0], gone[-1], gone[-2]}
    return bool({"mkdir", "link", "rename", "_renameat2"} & {kinds[number - 1]}) or kinds[number - 2] == "_renameat2"


def shown(step: str) -> str:
    """Return a step without the operation's number, which is another one each time."""
    words = step.split(" ")
    return " ".join("<operation>" if word.count("-") == 4 else word.partition("-before-")[0] for word in words)


if __name__ == "__main__":
    main()
