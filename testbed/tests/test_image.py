import gzip
import json
import re
import time

import pytest

from testbed.tests.conftest import Start
from testbed.tests.support import SERVER_IMAGE, TINY_IMAGE, StandIn, run, wait_until
from testbed.verify_world import verify

pytestmark = pytest.mark.docker


def test_images_have_the_outside_that_is_expected() -> None:
    config = json.loads(run("docker", "image", "inspect", "--format", "{{json .Config}}", SERVER_IMAGE))

    assert "/data" in config["Volumes"]
    assert config["Healthcheck"]["Test"] == ["CMD", "mc-health"]
    assert config["WorkingDir"] == "/data"
    assert int(run("docker", "image", "inspect", "--format", "{{.Size}}", TINY_IMAGE)) < 3_000_000


def test_tiny_image_runs_a_shell() -> None:
    assert run("docker", "run", "--rm", "--memory", "64m", TINY_IMAGE, "sh", "-c", "echo yes; which sleep httpd") == (
        "yes\n/bin/sleep\n/bin/httpd\n"
    )


def test_without_eula_it_refuses(start: Start) -> None:
    server = start(EULA="")

    assert server.wait_end() == 1
    assert "You need to agree to the EULA" in server.output()
    assert not (server.data / "logs").exists()


def test_it_becomes_healthy_by_a_ping(server: StandIn) -> None:
    wait_until(lambda: server.health() == "healthy")

    assert "localhost:25565 answers" in run("docker", "exec", server.name, "mc-health")


def test_a_huge_properties_file_costs_the_health_check_nothing(start: Start) -> None:
    """A game, or whoever attacks the panel, makes it as large as they like; one line of 64 GiB here."""
    server = start("--memory", "192m").wait_ready()
    wait_until(lambda: server.health() == "healthy")
    with (server.data / "server.properties").open("r+b") as file:
        file.seek(0, 2)
        file.truncate(64 * 2**30)

    for _ in range(3):
        assert "localhost:25565 answers" in run("docker", "exec", server.name, "timeout", "4", "mc-health")
        assert "players online" in run("docker", "exec", server.name, "timeout", "4", "rcon-cli", "list")
    files = "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null || true"
    counted = re.findall(r"^oom_kill (\d+)$", run("docker", "exec", server.name, "sh", "-c", files), re.MULTILINE)
    assert set(counted) == {"0"}


def test_log_has_the_lines_of_the_game_and_stdout_has_them_too(server: StandIn) -> None:
    log = server.log()

    done = r'^\[\d\d:\d\d:\d\d\] \[Server thread/INFO\]: Done \(\d+\.\d{3}s\)! For help, type "help"$'
    assert re.search(done, log, re.MULTILINE)
    assert log in server.output()
    assert server.output().startswith("[init] ")


def test_files_belong_to_the_games_user(server: StandIn) -> None:
    files = (server.data, server.data / "world", server.data / "server.properties")

    assert {file.stat().st_uid for file in files} == {1000}


def test_properties_take_the_environment_and_keep_what_a_user_wrote(start: Start) -> None:
    server = start(MOTD="One: two", RCON_PASSWORD="").wait_ready()
    file = server.data / "server.properties"
    text = file.read_text()
    password = re.search(r"^rcon\.password=([0-9a-f]{24})$", text, re.MULTILINE)
    assert password
    assert "motd=One\\: two\n" in text

    run("docker", "stop", server.name)
    text = text.replace("difficulty=easy", "difficulty=hard").replace("One", "Three")
    file.write_text(text + "mine=kept\n")
    run("docker", "start", server.name)
    wait_until(lambda: "motd=One" in file.read_text())

    for line in ("difficulty=hard", "mine=kept", f"rcon.password={password[1]}"):
        assert f"{line}\n" in file.read_text()


def test_stop_saves_the_world_and_exits_with_0(start: Start) -> None:
    server = start().wait_ready()

    run("docker", "stop", "--time", "20", server.name)

    assert server.state()["ExitCode"] == 0
    assert verify(server.data / "world") == []
    log = server.log()
    assert log.index("Stopping the server") < log.index("Saving worlds") < log.index("All chunks are saved")


def test_stop_command_does_the_same(start: Start) -> None:
    server = start().wait_ready()

    with server.rcon() as rcon:
        assert rcon.ask("stop") == "Stopping the server"

    assert server.wait_end() == 0
    assert verify(server.data / "world") == []


def test_old_log_is_gzipped_at_the_next_start(start: Start) -> None:
    server = start().wait_ready()
    before = server.log()
    today = time.strftime("%Y-%m-%d", time.gmtime())

    archive = server.data / "logs" / f"{today}-1.log.gz"
    run("docker", "restart", server.name)
    wait_until(archive.exists)
    server.wait_ready()

    assert gzip.decompress(archive.read_bytes()).decode().startswith(before)
    assert "Stopping the server" not in server.log()


def test_log_rotates_while_it_runs_as_at_midnight(start: Start) -> None:
    server = start().wait_ready()
    inode = (server.data / "logs" / "latest.log").stat().st_ino

    with server.rcon() as rcon:
        assert rcon.ask("testbed rotate") == "rotated"
        rcon.ask("say after")

    assert (server.data / "logs" / "latest.log").stat().st_ino != inode
    assert server.log().splitlines()[0].endswith("[Rcon] after")
    assert len(list((server.data / "logs").glob("*-1.log.gz"))) == 1


def test_console_reads_stdin(start: Start) -> None:
    server = start("--interactive").wait_ready()

    run("sh", "-c", f"echo say from the console | timeout -s KILL 1 docker attach {server.name}", code=137)

    assert "[Server thread/INFO]: [Server] from the console" in server.log()
