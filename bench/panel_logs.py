"""What a panel of a bench has said: its tracebacks, its warnings and errors."""

import re
from collections import Counter
from pathlib import Path


def tracebacks_in(folder: Path) -> Counter[str]:
    """Return the last line of each traceback in a panel's log and output, counted."""
    found: Counter[str] = Counter()
    for file in (folder / "stderr", *sorted((folder / "logs").glob("app.log*"))):
        text = file.read_text(errors="replace")
        for block in text.split("Traceback (most recent call last):")[1:]:
            lines = [line.removeprefix("  | ") for line in block.splitlines()[1:]]
            found[next((line for line in lines if line and not line.startswith(" ")), "?")[:200]] += 1
    return found


def warnings_in(folder: Path) -> Counter[str]:
    """Return the panel's own warnings and errors, counted, numbers and ids taken out."""
    found: Counter[str] = Counter()
    for file in sorted((folder / "logs").glob("app.log*")):
        for line in file.read_text(errors="replace").splitlines():
            if re.search(r"\b(WARNING|ERROR|CRITICAL)\b", line):
                said = re.sub(r"^\S+ \S+ ", "", line)
                said = re.sub(r"\b[0-9a-f]{8,}\b|\d+", "…", said.replace(str(folder), ""))
                found[said[:160]] += 1
    return found
