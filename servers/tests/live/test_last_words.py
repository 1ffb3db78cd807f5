import asyncio
from collections.abc import AsyncIterator

import pytest

from servers import wiring
from servers.live.services import Services
from testing.fake_docker import FakeContainer, FakeDocker, now


@pytest.fixture
async def live(fake: FakeDocker) -> AsyncIterator[Services]:
    services = wiring.live()
    services.engine.listen(services.failure_output.listen)
    yield services
    await services.failure_output.stop()


async def ended(fake: FakeDocker, server: str, exit_code: int, *said: str) -> FakeContainer:
    await wiring.manager().get_instance(server).project.up()
    one = fake.find(f"mc-{server}")
    for line in said:
        fake.print(one, line)
    fake.end(one, exit_code)
    await wiring.live().engine.refresh()
    await asyncio.sleep(0.05)
    return one


async def test_many_ends_at_once_are_asked_about_a_few_at_a_time(fake: FakeDocker, live: Services) -> None:
    for number in range(12):
        one = FakeContainer(f"mc-s{number}", "image", {}, state="exited", exit_code=1, started=now(), finished=now())
        fake.containers[one.id] = one
        fake.print(one, f"no memory for {number}")
    fake.hold("logs")
    await live.engine.refresh()
    await fake.entered["logs"].wait()
    await asyncio.sleep(0.05)
    restarted = fake.find("mc-s11")
    fake._start(restarted)
    await live.engine.refresh()
    fake.release("logs")
    async with asyncio.timeout(5):
        while len(live.failure_output._words) < 11:
            await asyncio.sleep(0.01)
    assert fake.most_open_logs <= 4


async def reason(server: str) -> str | None:
    return (await asyncio.to_thread(wiring.live().status, server)).reason


async def code_and_params(server: str) -> tuple[str | None, dict[str, object]]:
    found = await asyncio.to_thread(wiring.live().status, server)
    return found.reason_code, dict(found.reason_params)


async def test_a_failed_end_comes_with_what_was_said_last(fake: FakeDocker, server: str, live: Services) -> None:
    await ended(fake, server, 1, "[init] Starting", "\x1b[31mYou must accept the EULA\x1b[0m", "")
    assert await reason(server) == "Exited with code 1. It said: You must accept the EULA"
    assert await code_and_params(server) == ("crashed", {"exitCode": 1, "said": "You must accept the EULA"})


async def test_a_stack_trace_is_told_by_its_head(fake: FakeDocker, server: str, live: Services) -> None:
    await ended(
        fake, server, 1, "Exception: no such world", "\tat net.minecraft.Main(Main.java:5)", "\t... 3 more"
    )
    assert await reason(server) == "Exited with code 1. It said: Exception: no such world"


@pytest.mark.parametrize("exit_code", [0, 143, 137])
async def test_an_end_on_request_has_no_last_words(
    fake: FakeDocker, server: str, live: Services, exit_code: int
) -> None:
    await ended(fake, server, exit_code, "Saving worlds")
    assert "said" not in (await reason(server) or "")


async def test_a_crash_loop_has_them_too(fake: FakeDocker, server: str, live: Services) -> None:
    one = await ended(fake, server, 3, "no memory")
    fake.change(one, "die", state="restarting")
    await live.engine.refresh()
    assert await reason(server) == "Crash loop: exited with code 3, 0 restarts. It said: no memory"
    assert await code_and_params(server) == (
        "crash_loop", {"exitCode": 3, "oomKilled": False, "restarts": 0, "said": "no memory"}
    )


async def test_a_new_start_forgets_them(fake: FakeDocker, server: str, live: Services) -> None:
    one = await ended(fake, server, 1, "no memory")
    fake._start(one)
    await live.engine.refresh()
    assert "said" not in (await reason(server) or "")
    assert live.failure_output._words == {}


TOO_OLD = (
    "\tjava.lang.UnsupportedClassVersionError: net/minecraft/bundler/Main has been compiled by a more recent version "
    "of the Java Runtime (class file version 69.0), this version of the Java Runtime only recognizes class file "
    "versions up to 65.0"
)


async def test_a_java_that_is_too_old_is_told_with_the_cure(fake: FakeDocker, server: str, live: Services) -> None:
    head = "Error: LinkageError occurred while loading main class net.minecraft.bundler.Main"
    frames = [f"\tat java.lang.ClassLoader.define{number}(ClassLoader.java)" for number in range(30)]
    await ended(fake, server, 1, head, TOO_OLD, *frames, "mc-server-runner: sub-process failed")
    assert await reason(server) == (
        "Exited with code 1. net/minecraft/bundler/Main needs Java 25, and the image has Java 21: "
        "change the image's tag to java25."
    )
    assert await code_and_params(server) == (
        "crashed", {"exitCode": 1, "cause": "java_too_old", "javaNeeded": 25, "java": 21}
    )


async def test_a_cause_of_an_earlier_run_is_not_told_again(fake: FakeDocker, server: str, live: Services) -> None:
    one = await ended(fake, server, 1, TOO_OLD)
    await asyncio.sleep(0.01)
    fake._start(one)
    await live.engine.refresh()
    fake.print(one, "no memory")
    fake.end(one, 1)
    await live.engine.refresh()
    await asyncio.sleep(0.05)
    assert await reason(server) == "Exited with code 1. It said: no memory"
