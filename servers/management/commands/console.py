"""Follow a server's console and type commands into it."""

import asyncio
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import supports_color

from audit import recorder
from core.errors import AppError
from core.tasks import cancel, run_uninterrupted
from servers import wiring
from servers.live.console.hub import Source
from servers.live.console.viewer import Frame, Viewer
from servers.live.services import Services
from servers.minecraft.game_names import GameName, split_game
from servers.minecraft.log_lines import plain_text
from servers.records import operation_rows

RESET, DIM, YELLOW, RED, CYAN = "\x1b[0m", "\x1b[2m", "\x1b[33m", "\x1b[31m", "\x1b[36m"
_BY_LEVEL = (("/WARN]", YELLOW), ("/ERROR]", RED), ("/FATAL]", RED))


class Command(BaseCommand):
    """``console <id>``."""

    help = "Follow a server's console; each line typed is a command to the game. Ctrl-C or Ctrl-D leaves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the server's directory name")
        parser.add_argument("--service", default="", help="which game, where the compose file has several")
        parser.add_argument("--container", action="store_true", help="what the container prints, not the game's log")
        parser.add_argument("--all", action="store_true", help="with the lines of RCON connections coming and going")

    def handle(self, *args: Any, **options: Any) -> None:
        colour = supports_color() and not options["no_color"]
        source = Source.CONTAINER if options["container"] else Source.LOG
        try:
            name = options["id"], options["service"]
            asyncio.run(_follow(*name, source, filter_rcon=not options["all"], colour=colour))
        except KeyboardInterrupt:
            sys.stdout.write("\n")
        except asyncio.CancelledError:
            raise SystemExit(128 + signal.SIGTERM) from None
        except BrokenPipeError:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except AppError as error:
            raise CommandError(str(error)) from None


async def _follow(server_id: str, service: str, source: Source, *, filter_rcon: bool, colour: bool) -> None:
    """Print what the console says until the input ends; what was typed before is answered first."""
    _leave_in_order()
    live = wiring.live()
    await live.manager.get_instance(server_id).get_compose_file()  # raises ServerNotFound
    game = await asyncio.to_thread(live.game, server_id, service)
    live.engine.listen(lambda _: live.console.engine_changed())
    with suppress(AppError):  # without an engine the log is followed all the same
        await live.engine.refresh()
    live.engine.start()
    try:
        async with live.console.view(game, source=source, filter_rcon=filter_rcon) as viewer:
            tasks = [
                asyncio.create_task(_print(viewer, colour=colour)),
                asyncio.create_task(_type(live, game, viewer)),
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await cancel(tasks)
            for task in done:
                task.result()
    finally:
        await live.console.close()
        await live.rcon.close()
        await live.engine.stop()


def _leave_in_order() -> None:
    """Let SIGTERM, and SIGHUP when the terminal is closed, end us as Ctrl-C does: what was typed is written down."""
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if task is not None and signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores it
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _print(viewer: Viewer, *, colour: bool) -> None:
    async for frame in viewer:
        for line in terminal_lines(frame, colour=colour):
            print(line, flush=True)  # noqa: T201 - the command's output
        if frame["type"] == "end":
            return


def terminal_lines(frame: Frame, *, colour: bool) -> list[str]:
    """Return a frame as lines for a terminal; without ``colour`` the game's own are taken out, too."""
    match frame:
        case {"type": "log", "content": content}:
            return [_line(line, colour=colour) for line in content.splitlines()]
        case {"type": "command_result", "result": result}:
            return [_painted(line, CYAN, colour=colour) for line in result.splitlines()]
        case {"type": "info", "message": message}:
            return [_painted(f"-- {message}", DIM, colour=colour)]
        case {"type": "error", "message": message}:
            return [_painted(message, RED, colour=colour)]
    return []


def _line(line: str, *, colour: bool) -> str:
    if not colour:
        return plain_text(line)
    if "\x1b[" in line:
        return line + RESET
    return _painted(line, next((code for level, code in _BY_LEVEL if level in line), ""), colour=colour)


def _painted(text: str, code: str, *, colour: bool) -> str:
    return f"{code}{text}{RESET}" if colour and code else text


async def _type(live: Services, game: GameName, viewer: Viewer) -> None:
    """Run each line of the input as a command; ends with the input.

    Input that is no terminal and has nothing (``</dev/null``) is no request to leave.
    """
    count = 0
    async with aclosing(_typed()) as lines:
        async for line in lines:
            if command := line.strip():
                count += 1
                await _run(live, game, command, viewer)
    if count or sys.stdin.isatty():
        viewer.push({"type": "end"})
    await asyncio.Event().wait()


async def _run(live: Services, game: GameName, command: str, viewer: Viewer) -> None:
    success = False
    try:
        result = await live.command(game, command)
        success = True
        viewer.push({"type": "command_result", "command": command, "result": result})
    except AppError as error:
        viewer.push({"type": "error", "message": str(error)})
    finally:  # also when somebody leaves meanwhile: the game may have done it
        row = operation_rows.in_database(
            recorder.record_command,
            user=recorder.shell_user(), server_id=split_game(game)[0], command=command, client_ip=None, success=success,
        )
        await run_uninterrupted(row)


async def _typed() -> AsyncGenerator[str, None]:
    """Yield lines of the standard input, whatever it is; the thread that reads it ends with the process."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        rest = b""
        while block := os.read(sys.stdin.fileno(), 65536):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                loop.call_soon_threadsafe(lines.put_nowait, line.decode(errors="replace"))
        if rest:
            loop.call_soon_threadsafe(lines.put_nowait, rest.decode(errors="replace"))
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line
