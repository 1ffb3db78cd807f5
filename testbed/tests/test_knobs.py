import time

import pytest

from testbed.tests.conftest import Start
from testbed.tests.support import RawRcon, run, wait_until
from testbed.verify_world import verify

pytestmark = pytest.mark.docker


def test_crash_after_a_second_with_a_code(start: Start) -> None:
    server = start(TESTBED_CRASH_AFTER_S=1.5, TESTBED_CRASH_CODE=42)

    assert server.wait_end() == 42
    assert "Encountered an unexpected exception" in server.log()
    assert list((server.data / "crash-reports").iterdir())


def test_slow_start_is_seen_on_stdout_before_there_is_a_log(start: Start) -> None:
    server = start(TESTBED_START_DELAY_S=2)
    wait_until(lambda: "Waiting 2 s" in server.output())

    assert server.log() == ""
    assert server.health() == "starting"
    server.wait_ready()


def test_deaf_to_sigterm_is_killed_after_the_grace(start: Start) -> None:
    server = start(TESTBED_IGNORE_SIGTERM=1).wait_ready()

    run("docker", "stop", "--time", "1", server.name)

    assert server.state()["ExitCode"] == 137
    assert "Stopping" not in server.log()


def test_memory_grows_until_the_kernel_ends_it(start: Start) -> None:
    server = start("--memory", "200m", "--memory-swap", "200m", TESTBED_ALLOCATE=400)

    assert server.wait_end() == 137
    assert server.state()["OOMKilled"]


def test_flood_is_numbered_and_complete(start: Start) -> None:
    server = start(TESTBED_FLOOD_LINES_PER_S=4000, TESTBED_FLOOD_LINES=6000).wait_ready()
    wait_until(lambda: "flood 6000\n" in server.log())

    numbers = [int(line.rpartition(" ")[2]) for line in server.log().splitlines() if ": flood " in line]
    assert numbers == list(range(1, 6001))


def test_unhealthy_from_a_moment_on(start: Start) -> None:
    server = start("--health-interval", "0.5s", "--health-retries", "1", TESTBED_UNHEALTHY=3)

    wait_until(lambda: server.health() == "healthy")
    wait_until(lambda: server.health() == "unhealthy")


@pytest.mark.parametrize(("value", "logs_in"), [("login", False), ("command", True)])
def test_rcon_hangs_at_the_login_or_at_the_command(start: Start, value: str, *, logs_in: bool) -> None:
    server = start(TESTBED_RCON_HANG=value).wait_ready()
    with RawRcon(server.port(25575)) as rcon:
        rcon.socket.settimeout(1)
        if logs_in:
            assert rcon.login().id == 1
            rcon.send(2, 2, "list")
            with pytest.raises(TimeoutError):
                rcon.receive()
        else:
            with pytest.raises(TimeoutError):
                rcon.login()


def test_flush_takes_its_time_and_other_commands_wait(start: Start) -> None:
    server = start(TESTBED_FLUSH_S=2).wait_ready()
    with server.rcon() as one, server.rcon() as other:
        one.ask("save-off")
        began = time.monotonic()
        one.send(3, 2, "save-all flush")
        time.sleep(0.2)
        other.ask("list")

        assert time.monotonic() - began > 1.8
        assert one.receive().text.endswith("Saved the game")


def test_flush_that_never_comes_leaves_the_world_torn_and_the_server_alive(start: Start) -> None:
    server = start(TESTBED_FLUSH_NEVER=1, TESTBED_FLUSH_S=1).wait_ready()
    with server.rcon() as one, server.rcon() as other:
        one.ask("save-off")
        one.socket.settimeout(2)
        one.send(3, 2, "save-all flush")
        with pytest.raises(TimeoutError):
            one.receive()
        assert verify(server.data / "world")
        assert other.ask("save-on") == "Automatic saving is now enabled"

    assert "Saved the game" not in server.log()
    wait_until(lambda: not verify(server.data / "world"))


def test_stopping_can_outlast_the_grace(start: Start) -> None:
    server = start(TESTBED_STOP_S=30).wait_ready()

    run("docker", "stop", "--time", "1", server.name)

    assert server.state()["ExitCode"] == 137
    assert "Saving worlds" in server.log()
