import asyncio
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from core import process
from core.errors import CommandFailed, TimedOut


async def test_run_returns_standard_output() -> None:
    assert await process.run("printf", "a\\nb\\n") == "a\nb\n"


async def test_exit_code_and_last_line_of_stderr_are_told() -> None:
    with pytest.raises(process.ProgramFailed, match="no such thing") as caught:
        await process.run("sh", "-c", "echo first >&2; echo no such thing >&2; exit 3")

    assert caught.value.returncode == 3


async def test_missing_program_is_unavailable() -> None:
    with pytest.raises(process.ProgramMissing, match="installed"):
        await process.run("no-such-program-here")


async def test_vanished_working_directory_is_told_from_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="directory"):
        await process.run("true", cwd=tmp_path / "gone")


def _lives(pid: str) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_late_program_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.2)  # a shell's background child is deaf to SIGINT
    started = time.monotonic()
    with pytest.raises(TimedOut):
        await process.run("sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid; wait", timeout_s=0.5)

    pid = (await asyncio.to_thread((tmp_path / "pid").read_text)).strip()
    assert time.monotonic() - started < 20
    async with asyncio.timeout(20):  # a killed process is gone when the kernel has come to it
        while _lives(pid):
            await asyncio.sleep(0.02)


async def test_lines_are_told_as_they_come() -> None:
    seen: list[str] = []
    await process.run("sh", "-c", "echo out; echo err >&2", on_line=seen.append)

    assert sorted(seen) == ["err", "out"]


async def test_closing_the_iterator_ends_the_program() -> None:
    async with aclosing(process.follow("sh", "-c", "echo $$; exec sleep 60")) as lines:  # type: ignore[type-var]  # an async generator behind the protocol
        pid = await anext(lines)

    assert not await asyncio.to_thread(Path(f"/proc/{pid}").exists)


async def test_follow_tells_a_failure() -> None:
    with pytest.raises(process.ProgramFailed, match="broken"):
        [_ async for _ in process.follow("sh", "-c", "echo one; echo broken >&2; exit 2")]


def test_children_see_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_TOKEN", "hidden")
    monkeypatch.setenv("JWT__SECRET_KEY", "hidden")

    found = process.child_environment({"RESTIC_PASSWORD": "given"})

    assert "hidden" not in found.values()
    assert found["RESTIC_PASSWORD"] == "given"
    assert "PATH" in found


async def test_a_child_that_is_stopped_ends_in_its_own_way(tmp_path: Path) -> None:
    freed = tmp_path / "freed"
    script = f"trap 'touch {freed}; exit 130' INT; kill -STOP $$; sleep 60"

    with pytest.raises(TimedOut):
        await process.run("bash", "-c", script, timeout_s=1)

    assert await asyncio.to_thread(freed.exists)


async def test_no_program_is_started_with_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_TOKEN", "hidden")
    given = {"RESTIC_PASSWORD": "given"}

    chunks = [one async for one in process.stream("env", env=given)]
    seen = {
        "run": await process.run("env", env=given),
        "isolated": await process.run("/usr/bin/env", env=given, isolated=True),
        "follow": "\n".join([one async for one in process.follow("env", env=given)]),
        "stream": b"".join(chunks).decode(),
    }

    assert {how for how, text in seen.items() if "hidden" in text} == set()
    assert {how for how, text in seen.items() if "RESTIC_PASSWORD=given" not in text} == set()
