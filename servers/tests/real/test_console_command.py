"""``manage.py console`` as a person uses it, at a terminal."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from servers.management.commands.console import RED, RESET, YELLOW, terminal_lines
from servers.tests.conftest import write_server
from testing.panel import FACTOR, ROOT, Panel

WARNING = "[12:00:00] [Server thread/WARN]: low on memory"


@pytest.fixture
def panel(tmp_path: Path) -> Panel:
    """The settings of a panel that is not started."""
    one = Panel(tmp_path)
    one.manage("migrate", "--verbosity", "0")
    log = write_server(one.servers, "lobby") / "data" / "logs" / "latest.log"
    log.parent.mkdir()
    log.write_text(f"{WARNING}\n")
    return one


class Terminal:
    """A program at a pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], fd: int) -> None:
        self.process = process
        self.seen = ""
        self._fd = fd

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def wait_for(self, text: str, *, limit_s: float = 30) -> None:
        end = time.monotonic() + limit_s * FACTOR
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            self.seen += os.read(self._fd, 65536).decode(errors="replace")


def at_a_terminal(fd: int) -> None:
    """Make ``fd`` the terminal of this process, where Ctrl-C works even if whoever runs the tests ignores it."""
    os.login_tty(fd)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def console(panel: Panel, *argv: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "console", *argv],
        env={**panel.environment, "TERM": "xterm"}, cwd=ROOT, pass_fds=[theirs],
        preexec_fn=lambda: at_a_terminal(theirs),  # noqa: PLW1509 - no threads here
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.process
def test_lines_come_in_colour_commands_are_answered_and_ctrl_c_leaves(panel: Panel) -> None:
    with console(panel, "lobby") as terminal:
        terminal.wait_for(f"{YELLOW}{WARNING}{RESET}")
        with (panel.servers / "lobby" / "data" / "logs" / "latest.log").open("a") as log:
            log.write("[12:00:01] [Server thread/INFO]: <Jürgen> hello\n")
        terminal.wait_for("<Jürgen> hello")
        terminal.type("list\n")
        terminal.wait_for(RED)  # it does not run, or there is no engine
        terminal.type("\x03")
        assert terminal.process.wait(30) == 0


@pytest.mark.process
def test_the_end_of_the_input_leaves_too(panel: Panel) -> None:
    with console(panel, "lobby") as terminal:
        terminal.wait_for(WARNING)
        terminal.type("\x04")
        assert terminal.process.wait(30) == 0


@pytest.mark.process
def test_in_a_pipe_there_is_no_colour_and_commands_are_run_before_it_ends(panel: Panel) -> None:
    printed = panel.manage("console", "lobby", text="list\n")
    assert printed.splitlines()[0] == WARNING
    assert "\x1b" not in printed
    assert len(printed.splitlines()) == 2


def test_colours_of_the_game_stay_and_are_ended() -> None:
    frame = {"type": "log", "content": "\x1b[32mgreen\nplain\n"}
    assert terminal_lines(frame, colour=True) == [f"\x1b[32mgreen{RESET}", "plain"]
    assert terminal_lines(frame, colour=False) == ["green", "plain"]
