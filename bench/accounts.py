"""``make load-accounts``: 1,000 guesses at codes and at passwords, and 200 idle strangers, at a real panel."""

import asyncio
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from servers.tests.conftest import write_server
from testing.panel import MASTER, Panel, running_panel
from testing.processes import bearer, make_user, resident_mib
from testing.strangers import Seen, crowd, echo_times, loopbacks

REPORT = Path(__file__).resolve().parents[1] / "docs/reports/accounts.md"
GUESSES = 1000
AT_ONCE = 20
STRANGERS = 200
PASSWORD = "c0rrect-horse"  # noqa: S105 - of a panel that lives for this run


def main() -> None:
    """Measure, and write the report."""
    with tempfile.TemporaryDirectory() as folder, running_panel(Path(folder)) as panel:
        write_server(panel.servers, "one")
        make_user(panel.url, "alice")
        token = log_in(panel, "alice", PASSWORD).json()["access_token"]
        lines = [*guess_codes(panel), *guess_passwords(panel), *asyncio.run(strangers(panel, token))]
    busy = f"at a load of {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    head = ["# Guesses and strangers", "", f"Written by `make load-accounts`, {busy}.", ""]
    text = "\n".join([*head, *lines])
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(text + "\n")
    print(text)


_client = httpx.Client(timeout=120, limits=httpx.Limits(max_connections=AT_ONCE))


def log_in(panel: Panel, username: str, password: str) -> httpx.Response:
    return _client.post(f"{panel.url}/api/auth/token", data={"username": username, "password": password})


def verify(panel: Panel, code: str) -> httpx.Response:
    fields = {"username": "alice", "code": code}
    return _client.post(f"{panel.url}/api/auth/verifyCode", json=fields, headers=bearer(MASTER))


def guess_codes(panel: Panel) -> list[str]:
    """Guess codes while a page waits; then verify the page's own."""
    return [
        "## Login codes",
        "",
        *_guesses(lambda number: verify(panel, f"{number:08}"), wrong=400),
        *asyncio.run(_right_code(panel)),
        "",
    ]


def guess_passwords(panel: Panel) -> list[str]:
    """Guess the password of somebody and of nobody; then sign in by the right one."""
    found = ["## Passwords", "", "Of a user there is, from one address:", ""]
    found += _guesses(lambda number: log_in(panel, "alice", f"guess-{number}"), wrong=401)
    refused = log_in(panel, "alice", PASSWORD)
    wait_s = int(refused.headers["Retry-After"])
    time.sleep(wait_s)
    right = log_in(panel, "alice", PASSWORD)
    meanwhile = f"{refused.status_code}, Retry-After {wait_s} s"
    found += [f"- the right password meanwhile: {meanwhile}; then: {right.status_code}"]
    time.sleep(60)
    return [*found, "", *_equal_time(panel), ""]


def _guesses(guess: Any, *, wrong: int) -> list[str]:
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(guess, range(GUESSES)))
    took_s = time.monotonic() - began
    counted = Counter(answer.status_code for answer in answers)
    others = counted.total() - counted[wrong] - counted[429]
    what = f"{counted[wrong]} were looked at ({wrong}), {counted[429]} were refused (429), {others} others"
    return [f"- {GUESSES} guesses, {AT_ONCE} at a time, in {took_s:.1f} s: {what}"]


async def _right_code(panel: Panel) -> list[str]:
    from accounts.tests.real.test_processes import received, socket_at  # noqa: PLC0415

    def show_and_verify() -> list[str]:
        with socket_at(panel.url, "/auth/code") as page:
            shown = received(page)["code"]
            refused = verify(panel, shown)
            wait_s = int(refused.headers["Retry-After"])
        time.sleep(wait_s)
        with socket_at(panel.url, "/auth/code") as page:
            right = verify(panel, received(page)["code"])
            let_in = received(page)["type"]
        meanwhile = f"{refused.status_code}, Retry-After {wait_s} s"
        return [f"- a right code meanwhile: {meanwhile}; then: {right.status_code}, and the page got `{let_in}`"]

    return await asyncio.to_thread(show_and_verify)


def _equal_time(panel: Panel) -> list[str]:
    taken: dict[str, list[float]] = {"alice": [], "nobody": []}
    for _ in range(4):  # below the throttle of the pair and of the address
        for username, times in taken.items():
            began = time.perf_counter()
            assert log_in(panel, username, "wrong-horse").status_code == 401
            times.append((time.perf_counter() - began) * 1000)
    known, unknown = (statistics.median(times) for times in taken.values())
    return [f"- a wrong password: {known:.0f} ms for a known name, {unknown:.0f} ms for an unknown one (medians of 4)"]


async def strangers(panel: Panel, token: str) -> list[str]:
    """Let crowds idle at the code socket and at refused consoles; watch memory and a signed-in viewer."""
    assert panel.process is not None
    pid = panel.process.pid
    lines = ["## Idle strangers", ""]
    memory = [resident_mib(pid)]
    # The viewer is a process of its own: the crowd would slow it down, not only the panel.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        alone = await asyncio.get_running_loop().run_in_executor(pool, _view, panel.url, token)
        for turn in range(3):
            viewer = asyncio.get_running_loop().run_in_executor(pool, _view, panel.url, token)
            async with asyncio.TaskGroup() as group:
                many = group.create_task(crowd(panel.url, "/auth/code", addresses=loopbacks(STRANGERS), stay_s=12))
                await asyncio.sleep(2)
                consoles = await crowd(panel.url, "/servers/one/console", addresses=loopbacks(STRANGERS), stay_s=30)
            memory.append(resident_mib(pid))
            lines += [
                f"- turn {turn + 1}, from {STRANGERS} addresses:",
                f"  - `/auth/code`: {_told(many.result())}",
                f"  - console without a token: {_told(consoles)}",
                f"  - a signed-in viewer meanwhile: {_waits(await viewer)}",
            ]
    one = await crowd(panel.url, "/auth/code", addresses=["127.0.0.9"] * STRANGERS, stay_s=12)
    lines += [f"- from one address: `/auth/code`: {_told(one)}"]
    memory.append(resident_mib(pid))
    lines += [f"- that viewer alone: {_waits(alone)}"]
    lines += ["- resident memory before and after each: " + ", ".join(f"{one:.1f}" for one in memory) + " MiB"]
    return lines


def _view(url: str, token: str) -> list[float]:
    return asyncio.run(echo_times(url, token=token, path="/servers/one/console", times=150))


def _told(seen: Seen) -> str:
    first = ", ".join(f"{count} got `{kind}`" for kind, count in sorted(seen.first.items()))
    closed = ", ".join(f"{count} closed {code}" for code, count in sorted(seen.closed.items()))
    return f"{first}; {closed or 'none closed'}; {seen.held()} of these after 4 s or more"


def _waits(taken: list[float]) -> str:
    ordered = sorted(taken)
    half, most = statistics.median(ordered) * 1000, ordered[-1] * 1000
    return f"{len(ordered)} answers, p50 {half:.1f} ms, at most {most:.1f} ms"


if __name__ == "__main__":
    main()
