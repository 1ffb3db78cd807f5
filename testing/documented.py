"""The commands that README and docs/ tell people to type, read out of their text."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHELL, TRANSCRIPT = {"sh", "bash"}, "console"
OTHER = {"text", "toml", "json", "yaml", "python", "http"}
# What an inline `…` begins with when it is something to type.
PROGRAMS = (
    "python", ".venv/", "manage.py", "make", "curl", "docker", "systemctl", "git", "chown", "restic", "apt", "openssl",
)
_FENCE = re.compile(r"^ *```(?P<language>\w*)$")
_STATUS = re.compile(r"# (\d{3})$")  # a curl that is answered so
_EXIT = re.compile(r"# exit (\d+)$")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    number: int  # of the line with the fence
    language: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """One thing to type, of one line or several, and what the text says of it."""

    page: str
    number: int
    text: str
    printed: list[str] = field(default_factory=list, hash=False)  # by a transcript; `…` stands for anything

    @property
    def where(self) -> str:
        return f"{self.page}:{self.number}: {self.text}"

    @property
    def wanted_status(self) -> int | None:
        found = _STATUS.search(self.text)
        return int(found[1]) if found else None

    @property
    def wanted_exit(self) -> int:
        if self.wanted_status is not None:
            return 22 if self.wanted_status >= 400 else 0  # curl --fail-with-body
        found = _EXIT.search(self.text)
        return int(found[1]) if found else 0


def pages() -> list[str]:
    """Return README and every page of docs/; reports and decisions tell what was, not what to do."""
    found = sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if not {"reports", "adr"} & set(path.relative_to(ROOT).parts)
    )
    return ["README.md", *found]


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    start, language = 0, ""
    for number, line in enumerate(lines, 1):
        if (fence := _FENCE.match(line)) is None:
            continue
        if start:
            yield Block(page, start, language, tuple(lines[start : number - 1]))
            start = 0
        else:
            start, language = number, fence["language"]


def commands(page: str) -> Iterator[Command]:
    """Yield the commands of a page's blocks, in order."""
    for block in blocks(page):
        if block.language in SHELL:
            yield from _typed(block)
        elif block.language == TRANSCRIPT:
            yield from _transcribed(block)


def inline(page: str) -> Iterator[tuple[int, str]]:
    """Yield line number and text of what stands in backquotes in the running text and is a command."""
    within = False
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1):
        if _FENCE.match(line):
            within = not within
        elif not within:
            for text in re.findall(r"`([^`]+)`", line):
                if text.split()[0].startswith(PROGRAMS) and " " in text:
                    yield number, text


def indented(page: str) -> list[int]:
    """Return the lines of a page that Markdown shows as code without a fence: nobody knows of what kind."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    found, within = [], False
    for number, line in enumerate(lines, 1):
        if _FENCE.match(line):
            within = not within
        elif not within and line.startswith("    ") and not lines[number - 2].strip():
            found.append(number)
    return found


def _typed(block: Block) -> Iterator[Command]:
    text, begun = "", 0
    for number, line in enumerate(block.lines, block.number + 1):
        text, begun = (f"{text}\n{line}", begun) if text else (line, number)
        if text.strip() and _is_whole(text):
            yield Command(block.page, begun, text)
            text = ""
    assert not text.strip(), f"{block.page}:{begun}: this is no whole command: {text}"


def _transcribed(block: Block) -> Iterator[Command]:
    found: list[Command] = []
    for number, line in enumerate(block.lines, block.number + 1):
        if line.startswith("$ "):
            found.append(Command(block.page, number, line[2:]))
        else:
            found[-1].printed.append(line)
    yield from found


def _is_whole(text: str) -> bool:
    if text.endswith("\\"):
        return False
    return subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False).returncode == 0
