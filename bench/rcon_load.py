"""``make load-rcon``: RCON to a real test server, against ``docker exec rcon-cli``; writes docs/reports/rcon.md."""

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from core.errors import AppError
from core.process import run
from servers.live.rcon.rcon_pool import RconPool
from servers.minecraft.rcon.client import RconAddress
from servers.tests.conftest import compose_text, write_server
from testing.panel import MASTER, Panel, free_port, running_panel

REPORT = Path(__file__).resolve().parent.parent / "docs" / "reports" / "rcon.md"
COMMANDS, AT_ONCE, BY_API, BY_CLI = 10_000, 50, 300, 20
SIZES = (1, 4096, 100_000)
PASSWORD = "not-a-secret"  # noqa: S105 - of a server that lives for this run

Ask = Callable[[str], Awaitable[str]]


class Game:
    """One real test server, run by a panel, and a pool of connections to it."""

    def __init__(self, panel: Panel) -> None:
        self.id = f"rcon-{uuid.uuid4().hex[:8]}"
        self.container = f"mc-{self.id}"
        self.port = free_port()
        self.panel = panel
        self.pool = RconPool()
        write_server(panel.servers, self.id, compose_text(self.id, game_port=free_port(), rcon_port=self.port))

    async def ask(self, command: str) -> str:
        """Ask over the kept connection."""

        async def addresses() -> list[RconAddress]:
            return [RconAddress("127.0.0.1", self.port, PASSWORD)]

        return await self.pool.command(self.id, command, addresses=addresses)

    async def ask_cli(self, command: str) -> str:
        """Ask as the plain alternative does."""
        return (await run("docker", "exec", self.container, "rcon-cli", command)).strip()

    async def wait_until_healthy(self, client: httpx.AsyncClient) -> None:
        end = time.monotonic() + 120
        while (await client.get(f"/servers/{self.id}/status")).json()["status"] != "HEALTHY":
            assert time.monotonic() < end, "the server does not become healthy"
            await asyncio.sleep(0.2)


async def timed(ask: Ask, command: str, expected: int | None = None) -> float:
    """Return the milliseconds of one command; its answer must have the expected length."""
    started = time.perf_counter()
    answer = await ask(command)
    taken = (time.perf_counter() - started) * 1000
    assert expected is None or len(answer) == expected, f"{command} was answered with {len(answer)} bytes"
    return taken


def echo(number: int) -> tuple[str, int]:
    """Return a command whose answer tells which it was by its length."""
    size = 1 + number % 997
    return f"testbed echo {size}", size


async def one_after_the_other(game: Game, commands: int) -> list[float]:
    return [await timed(game.ask, *echo(number)) for number in range(commands)]


async def at_once(game: Game) -> list[float]:
    asked = [timed(game.ask, *echo(number * 17)) for number in range(AT_ONCE)]
    return list(await asyncio.gather(*asked))


async def through_a_kill(game: Game) -> tuple[int, Counter[str], float]:
    """Ask all the time while the container is killed and started again.

    Returns:
        How many were answered rightly, what the others ended with, and the seconds without an answer.
    """
    right, wrong, gaps, last = 0, Counter[str](), [0.0], time.monotonic()

    async def kill_and_start() -> None:
        await asyncio.sleep(1)
        await run("docker", "kill", game.container)
        await asyncio.sleep(1)
        await run("docker", "start", game.container)

    restart = asyncio.create_task(kill_and_start())
    number, after = 0, 0
    while after < 500:  # answered after the restart
        command, size = echo(number)
        number += 1
        try:
            await timed(game.ask, command, size)
        except AppError as error:
            wrong[error.code] += 1
            await asyncio.sleep(0.05)
            continue
        gaps.append(time.monotonic() - last)
        last = time.monotonic()
        right += 1
        after += restart.done()
    await restart
    return right, wrong, max(gaps)


def told(taken: list[float], cli_ms: float) -> str:
    at = sorted(taken)
    p50 = statistics.median(at)
    return f"{len(at):,} | {p50:.2f} | {at[int(len(at) * 0.95)]:.2f} | {at[-1]:.2f} | {cli_ms / p50:,.0f} times"


async def measure(panel: Panel, *, commands: int) -> str:
    """Run all of it on one server and return the report."""
    game = Game(panel)
    headers = {"Authorization": f"Bearer {MASTER}"}
    async with httpx.AsyncClient(base_url=f"{panel.url}/api", headers=headers, timeout=180) as client:

        async def ask_api(command: str) -> str:
            answer = await client.post(f"/servers/{game.id}/rcon", json={"command": command})
            return str(answer.raise_for_status().json()["result"])

        operations = f"/servers/{game.id}/operations"
        (await client.post(operations, json={"action": "up"})).raise_for_status()
        try:
            await game.wait_until_healthy(client)
            await game.ask("list")
            first_cli = [await timed(game.ask_cli, "list") for _ in range(BY_CLI)]
            straight = [await timed(game.ask, "list") for _ in range(BY_API)]
            by_api = [await timed(ask_api, "list") for _ in range(BY_API)]
            cli_ms = statistics.median([*first_cli, *[await timed(game.ask_cli, "list") for _ in range(BY_CLI)]])
            rows = [
                ("`docker exec rcon-cli list`", first_cli),
                ("`list` over the kept connection", straight),
                ("`list` through `POST /rcon`", by_api),
                *[
                    (f"answer of {size:,} B", [await timed(game.ask, f"testbed echo {size}", size) for _ in range(50)])
                    for size in SIZES
                ],
                ("one after the other", await one_after_the_other(game, commands)),
                (f"{AT_ONCE} at once, in line", await at_once(game)),
            ]
            killed = await through_a_kill(game)
        finally:
            await game.pool.close()
            (await client.post(operations, json={"action": "down"})).raise_for_status()
    return report(rows, cli_ms, killed)


def report(rows: list[tuple[str, list[float]]], cli_ms: float, killed: tuple[int, Counter[str], float]) -> str:
    right, wrong, gap_s = killed
    table = "\n".join(f"| {what} | {told(taken, cli_ms)} |" for what, taken in rows)
    failures = ", ".join(f"{count} times `{code}`" for code, count in sorted(wrong.items())) or "none"
    return f"""# RCON against `docker exec rcon-cli`

Written by `make load-rcon`: the test bed's server, run by a panel, on {os.cpu_count()} cores. Load average of the
machine at the end: {os.getloadavg()[0]:.1f}. Milliseconds; each answer was checked to be the one to its command.

| | commands | p50 | p95 | most | faster than `docker exec` |
|---|---|---|---|---|---|
{table}

**Killed and started again in between**, asked all the time: {right:,} right answers, no wrong one.
Meanwhile failed: {failures}.
Longest time without an answer: {gap_s:.1f} s (killed after 1 s, down for 1 s, then the game's own start).
"""


def show(*, commands: int = 1_000) -> None:
    """Print all of it, with fewer commands."""
    print(f"\n{run_all(commands)}")


def run_all(commands: int) -> str:
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel:
        return asyncio.run(measure(panel, commands=commands))


def main() -> None:
    """Run, print, write the report."""
    text = run_all(COMMANDS)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
