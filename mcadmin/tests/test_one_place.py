"""Processes that share a database are on one machine, at one engine, over one folder of servers, or refuse to start."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import dj_database_url
import psycopg
import pytest

from mcadmin.serving import one_place
from mcadmin.serving.one_place import PLACE_KEY, Membership, OtherPlace
from servers.records import panel_place
from servers.records.panel_place import Place
from testbed.postgres import postgres
from testing.panel import FACTOR, ROOT, Panel, free_port, wait_for
from testing.processes import redis_server
from testing.scale import answers

pytestmark = [pytest.mark.process, pytest.mark.timeout(300 * FACTOR)]

# Another machine: another kernel by its boot id, and another name, for the one process alone.
OTHER_MACHINE = (
    "unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c",
    'hostname box9 && mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"',
)


class Panels:
    """Processes of several panels on one PostgreSQL and one Redis."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.url = stack.enter_context(postgres())
        self._redis = stack.enter_context(redis_server(folder, port=free_port()))
        self._folder, self._stack = folder, stack

    def start(self, name: str, *argv: str, elsewhere: str = "") -> "Started":
        folder = self._folder / "first"
        if elsewhere == "server_path":
            folder = self._folder / "second"
        folder.mkdir(exist_ok=True)
        panel = Panel(folder, DATABASE_URL=self.url, REDIS_URL=self._redis)
        prefix: tuple[str, ...] = ()
        if elsewhere == "machine":
            (folder / "boot_id").write_text("00000000-1111-2222-3333-444444444444\n")
            prefix = (*OTHER_MACHINE, str(folder / "boot_id"))
        if elsewhere == "engine":
            docker = folder / "docker"
            docker.write_text('#!/bin/sh\n[ "$1" = info ] && echo \'{"ServerVersion": "1", "ID": "ANOTHER"}\'\n')
            docker.chmod(0o755)
            panel.environment["DOCKER__BINARY"] = str(docker)
        log = self._folder / f"{name}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [*prefix, sys.executable, "-u", "manage.py", *argv],
                env=panel.environment, cwd=ROOT, text=True, stdout=output, stderr=output,
            )
        self._stack.callback(process.wait, 60 * FACTOR)
        self._stack.callback(process.terminate)
        return Started(process, log)

    def worker(self, name: str, *, elsewhere: str = "") -> "Started":
        port = free_port()
        started = self.start(name, "serve", "--worker", "--port", str(port), elsewhere=elsewhere)
        started.url = f"http://127.0.0.1:{port}"
        return started


class Started:
    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.log, self.url = process, log, ""

    def answers(self) -> bool:
        wait_for(lambda: self.process.poll() is not None or answers(self.url), bool, limit_s=90)
        return self.process.poll() is None

    def refusal(self) -> str:
        assert self.process.wait(90 * FACTOR) == 1, self.log.read_text()
        said = self.log.read_text()
        assert "Traceback" not in said
        return said


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panels]:
    with ExitStack() as stack:
        yield Panels(tmp_path_factory.mktemp("panels"), stack)


@pytest.fixture(scope="module")
def first(panels: Panels) -> Started:
    worker = panels.worker("running")
    assert worker.answers(), worker.log.read_text()
    return worker


@pytest.mark.parametrize("command", ["serve", "serve --worker", "supervise"])
@pytest.mark.parametrize(
    ("elsewhere", "said", "unsaid"),
    [
        ("machine", "the machine (", "server_path ("),
        pytest.param("engine", "the Docker engine (", "the machine (", marks=pytest.mark.docker),
        ("server_path", "server_path (", "the machine ("),
    ],
)
def test_a_process_elsewhere_refuses_to_start(
    panels: Panels, first: Started, command: str, elsewhere: str, said: str, unsaid: str
) -> None:
    argv = command.split() + (["--port", str(free_port())] if "serve" in command.split() else [])
    text = panels.start(f"{command}-{elsewhere}", *argv, elsewhere=elsewhere).refusal()

    assert f"worker {first.process.pid} on " in text
    assert said in text
    assert unsaid not in text
    assert "end those first" in text
    assert first.process.poll() is None


def test_a_process_of_the_same_place_starts(panels: Panels, first: Started) -> None:
    second = panels.worker("beside")
    assert second.answers(), second.log.read_text()
    second.process.terminate()
    assert second.process.wait(60 * FACTOR) == 0


def test_the_place_of_the_dead_holds_up_nobody_and_of_two_at_once_one_starts(tmp_path: Path) -> None:
    with ExitStack() as stack:
        panels = Panels(tmp_path, stack)
        killed = panels.worker("killed")
        assert killed.answers(), killed.log.read_text()
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait()

        both = [panels.worker("here"), panels.worker("there", elsewhere="server_path")]
        assert sorted(one.answers() for one in both) == [False, True]
        (refused,) = [one for one in both if one.process.poll() is not None]
        assert "server_path (" in refused.refusal()


def test_a_worker_whose_place_was_taken_while_it_was_cut_off_ends_and_says_so(tmp_path: Path) -> None:
    with ExitStack() as stack:
        panels = Panels(tmp_path, stack)
        worker = panels.worker("cut-off")
        assert worker.answers(), worker.log.read_text()
        other = psycopg.connect(panels.url, autocommit=True, application_name="worker 1 on box9")
        stack.enter_context(other)
        name = f"worker {worker.process.pid} on %"
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s", [name])
        other.execute("SELECT pg_advisory_lock_shared(%s)", [PLACE_KEY])
        other.execute("UPDATE servers_panelplace SET machine = 'another', host = 'box9'")

        text = worker.refusal()
        assert "worker 1 on box9" in text
        assert "the machine (box9 there, " in text


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres() as one:
        yield one


HERE = Place("boot", "box1", "ENGINE-A", "/srv/minecraft")


@contextlib.contextmanager
def joined(url: str, place: Place, *, engine_now: str = "") -> Iterator[Membership]:
    one = Membership(dict(dj_database_url.parse(url)), place=place, name="worker", engine_now=lambda: engine_now)
    one.join()
    try:
        yield one
    finally:
        one.leave()


@pytest.mark.django_db(transaction=True)
def test_a_machine_under_another_name_is_the_same_one(url: str) -> None:
    with joined(url, HERE), joined(url, replace(HERE, host="renamed")):
        pass


@pytest.mark.django_db(transaction=True)
def test_an_engine_that_was_installed_anew_is_that_of_who_starts_next(url: str) -> None:
    anew = replace(HERE, engine="ENGINE-B")
    with joined(url, HERE, engine_now="ENGINE-B") as running:
        with pytest.raises(OtherPlace), joined(url, anew):
            pass
        running._make_sure()
        with joined(url, anew):
            pass


@pytest.mark.django_db(transaction=True)
def test_an_engine_that_came_later_is_compared_then(url: str) -> None:
    unknown = replace(HERE, engine="")
    with joined(url, unknown, engine_now="ENGINE-A") as running:
        running._make_sure()
        assert panel_place.current() == HERE
        with joined(url, unknown, engine_now="ENGINE-B") as stranger, pytest.raises(OtherPlace, match="Docker engine"):
            stranger._make_sure()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_moved_belongs_to_the_machine_that_starts_first(url: str) -> None:
    panel_place.note(HERE)  # as the last process of the old machine left it
    there = Place("another boot", "box2", "ENGINE-B", "/srv/minecraft")
    with joined(url, there):
        assert panel_place.current() == there
        with pytest.raises(OtherPlace), joined(url, HERE):
            pass


def test_the_machine_is_told_by_its_kernel() -> None:
    place = one_place.this_place(Path(os.sep), engine="")
    assert place.machine == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
