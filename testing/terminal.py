"""Commands typed one after another at a terminal, as a person does: programs may ask, and are answered."""

import os
import re
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_MARK = re.compile(r"\x02(begin|end) (\d+) (\d+)\x03")


@dataclass(frozen=True)
class Done:
    """How one command ended, and all that it printed."""

    exit_code: int
    output: str


def type_in(
    commands: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    answers: Mapping[str, str],
    keys: Mapping[int, str],
    before: str = "",
    limit_s: float,
) -> list[Done]:
    """Run ``commands`` in one bash on a terminal of its own and return what came of each.

    ``answers`` says what is typed after a prompt (a regular expression for the end of what was printed), ``keys`` what
    is typed at once when the command of that number begins, ``before`` what bash is told first.
    """
    script = folder / "typed.sh"
    script.write_text(_script(commands, before=before))
    ours, theirs = os.openpty()
    try:
        mode = termios.tcgetattr(theirs)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, mode)
        with subprocess.Popen(
            ["setsid", "--ctty", "--wait", "bash", script],
            cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
        ) as bash:
            os.close(theirs)
            try:
                return _results(_listen(ours, bash, answers, keys, limit_s=limit_s))
            finally:
                bash.kill()
    finally:
        os.close(ours)


def _script(commands: Sequence[str], *, before: str) -> str:
    """What bash reads: each command between two marks that say its number and its exit code."""
    lines = [before]
    for number, command in enumerate(commands):
        lines += [
            f"printf '\\x02begin {number} 0\\x03'",
            command,
            f"printf '\\x02end {number} %d\\x03' $?",
        ]
    return "\n".join(lines) + "\n"


def _listen(
    terminal: int, bash: subprocess.Popen[bytes], answers: Mapping[str, str], keys: Mapping[int, str], *, limit_s: float
) -> str:
    """Return all that was printed until bash ended; the prompts are answered."""
    end = time.monotonic() + limit_s
    said, answered, begun = "", 0, -1
    while True:
        assert time.monotonic() < end, f"not within {limit_s} s: {said[-2000:]}"
        if not select.select([terminal], [], [], 0.2)[0]:
            if bash.poll() is not None:
                return said
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # EIO: the last process has closed the terminal
            return said
        said += piece.decode(errors="replace")
        for kind, number, _ in _MARK.findall(said):
            if kind == "begin" and int(number) > begun:
                begun = int(number)
                os.write(terminal, keys.get(begun, "").encode())
        for prompt, answer in answers.items():
            if re.search(rf"(?:{prompt})\s*\Z", said[answered:]):
                answered = len(said)
                os.write(terminal, f"{answer}\n".encode())


def _results(said: str) -> list[Done]:
    found = []
    begin = 0
    for mark in _MARK.finditer(said):
        if mark[1] == "begin":
            begin = mark.end()
        else:
            found.append(Done(int(mark[3]), said[begin : mark.start()]))
    return found
