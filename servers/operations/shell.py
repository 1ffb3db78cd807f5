"""Carry out an operation for someone at a shell: its progress on a terminal, an orderly end at Ctrl-C."""

import asyncio
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TextIO, TypeVar

from asgiref.sync import async_to_sync

from audit import recorder
from core import tasks
from core.one_line import escape
from servers.models import Operation
from servers.operations import runner
from servers.operations.caller import Caller, Origin
from servers.operations.progress import NO_AMOUNT, Amount, Progress
from servers.operations.runner import Job

T = TypeVar("T")

BAR_WIDTH = 30
_CLEAR = "\r\x1b[K"


def shell_caller() -> Caller:
    """Return who runs this command: whoever has this machine may do what owners may."""
    return Caller(recorder.shell_user().username, Origin.COMMAND, is_owner=True)


def run_at_shell(job: Job) -> Operation:
    """Run a job; progress goes to standard error where that is a terminal, its warnings in any case.

    SIGINT and SIGTERM end it as they end the panel: its work is cancelled, cleans up, and its record says so.

    Raises:
        KeyboardInterrupt: after such an end by SIGINT.
        SystemExit: after such an end by SIGTERM.
        AppError: as ``operations.run``.
    """
    operation = in_order(runner.run(_watched(job, sys.stderr) if sys.stderr.isatty() else job))
    for warning in operation.warnings:
        sys.stderr.write(f"Warning: {warning}\n")
    return operation


def in_order(work: Coroutine[Any, Any, T]) -> T:
    """Do ``work``, which SIGINT and SIGTERM cancel; raises as ``run_at_shell`` and as it."""
    interruption = _Interruption()
    with interruption.heard():
        return async_to_sync(_run)(work, interruption)


class _Interruption:
    """A signal on its way from the main thread to the work, which runs in another."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: asyncio.Task[Any] | None = None

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Take the signals; only the main thread of a program can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def ends(self, waiting: asyncio.Task[Any]) -> None:
        """From now on a signal ends ``waiting``; at once when it has come before."""
        self._loop, self._waiting = asyncio.get_running_loop(), waiting
        if self.signal is not None:
            waiting.cancel()

    def _hear(self, number: int, _: object) -> None:
        if self.signal is not None:
            sys.stderr.write("It is being ended already; what it has begun is put in order first.\n")
            return
        self.signal = signal.Signals(number)
        sys.stderr.write("\nEnding it in order …\n")
        if self._loop is not None and self._waiting is not None:
            self._loop.call_soon_threadsafe(self._waiting.cancel)


async def _run(work: Coroutine[Any, Any, T], interruption: _Interruption) -> T:
    waiting = asyncio.create_task(work)
    interruption.ends(waiting)
    try:
        return await waiting
    except asyncio.CancelledError:
        await tasks.drain(timeout_s=0)
        if interruption.signal is signal.SIGINT:
            raise KeyboardInterrupt from None
        if interruption.signal is signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise


def _watched(job: Job, terminal: TextIO) -> Job:
    """Return the job with what it says, and a bar, on the terminal while it runs."""

    async def work(progress: Progress) -> Mapping[str, Any] | None:
        tell, say = progress.percent, progress.line

        def percent(done: float, message: str = "", *, amount: Amount = NO_AMOUNT) -> None:
            tell(done, message, amount=amount)
            message = escape(message)
            filled = round(BAR_WIDTH * min(done, 100) / 100)
            bar = "#" * filled + "." * (BAR_WIDTH - filled)
            terminal.write(f"{_CLEAR}[{bar}] {done:5.1f} %  {message}")
            terminal.flush()

        def line(text: str) -> None:
            say(text)
            text = escape(text)
            if text not in progress.warnings:  # they come at the end
                terminal.write(f"{_CLEAR}{text}\n")

        progress.percent, progress.line = percent, line  # type: ignore[method-assign]  # one more watcher
        try:
            return await job.work(progress)
        finally:
            terminal.write(_CLEAR)

    return replace(job, work=work)
