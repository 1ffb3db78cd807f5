"""A snapshot of everything: a server that cannot be read or held still is named with the reason, and fails no other."""

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups import wiring
from backups.snapshots import health
from backups.snapshots.skipping import FlushNotConfirmed, NoServerCouldBeSaved
from backups.tests.conftest import started
from backups.tests.edge.test_quiesce import back_up
from core.paths import Root, delete
from servers.operations import kinds, runner
from servers.operations.caller import Caller
from servers.operations.progress import Progress
from servers.records.operation_rows import in_database
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


def _deep(home: Path) -> None:
    fd = os.open(home / "data", os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)


def _data_a_link(home: Path) -> None:
    (home / "data").rmdir()
    (home / "data").symlink_to("/etc")


def _data_a_loop(home: Path) -> None:
    (home / "data").rmdir()
    (home / "data").symlink_to("data")


def _data_a_file(home: Path) -> None:
    (home / "data").rmdir()
    (home / "data").touch()


def _list_a_folder(home: Path) -> None:
    (home / ".mcadminignore").mkdir()


def _list_a_pipe(home: Path) -> None:
    os.mkfifo(home / ".mcadminignore")


def _list_a_loop(home: Path) -> None:
    (home / ".mcadminignore").symlink_to(".mcadminignore")


def _compose_a_pipe(home: Path) -> None:
    (home / "compose.yaml").unlink()
    os.mkfifo(home / "compose.yaml")


def _compose_a_folder(home: Path) -> None:
    (home / "compose.yaml").unlink()
    (home / "compose.yaml").mkdir()


def _compose_a_loop(home: Path) -> None:
    (home / "compose.yaml").unlink()
    (home / "compose.yaml").symlink_to("compose.yaml")


def _compose_deep(home: Path) -> None:
    (home / "compose.yaml").write_text("a: " + "[" * 20_000 + "]" * 20_000)


def _compose_bytes(home: Path) -> None:
    (home / "compose.yaml").write_bytes(b"\xff\xfe\0")


def _volume_loop(home: Path) -> None:
    text = (home / "compose.yaml").read_text()
    (home / "loop").symlink_to("loop")
    (home / "compose.yaml").write_text(text.replace("./data:/data", "./loop:/data"))


def _volume_nul(home: Path) -> None:
    text = (home / "compose.yaml").read_text()
    (home / "compose.yaml").write_text(text.replace("./data:/data", '"./a\\0b:/data"'))


def _volume_long(home: Path) -> None:
    text = (home / "compose.yaml").read_text()
    (home / "compose.yaml").write_text(text.replace("./data:/data", f"./{'a' * 5000}:/data"))


def _list_a_device(home: Path) -> None:
    os.mknod(home / ".mcadminignore", stat.S_IFCHR | 0o600, os.makedev(1, 5))


def _list_huge(home: Path) -> None:
    (home / ".mcadminignore").write_text("x\n" * 50_000)


def _compose_a_device(home: Path) -> None:
    (home / "compose.yaml").unlink()
    os.mknod(home / "compose.yaml", stat.S_IFCHR | 0o600, os.makedev(1, 5))


def _compose_huge(home: Path) -> None:
    (home / "compose.yaml").write_text("# x\n" * 500_000)


def _env_a_pipe(home: Path) -> None:
    os.mkfifo(home / ".env")


def _lone_surrogates(home: Path) -> None:
    (home / "data" / os.fsdecode(b"\xff\xfe")).touch()


# What a server is made into, and what comes of it: "" saved as a stopped one, "partial" saved at that level, "warned"
# saved with a warning that names it, "unknown" copied as what
# may be a server, and named as left out.
MISHAPS: list[tuple[Callable[[Path], None], str]] = [
    (_deep, ""), (_data_a_link, "partial"), (_data_a_loop, "partial"), (_data_a_file, ""),
    (_list_a_folder, "warned"), (_list_a_pipe, "warned"), (_list_a_loop, "warned"), (_list_a_device, "warned"),
    (_list_huge, "warned"), (_compose_a_pipe, ""), (_compose_a_folder, ""),
    (_compose_a_device, ""), (_compose_huge, ""), (_compose_a_loop, "unknown"),
    (_compose_deep, ""), (_compose_bytes, ""), (_volume_loop, "partial"), (_volume_nul, "partial"),
    (_volume_long, "partial"), (_env_a_pipe, ""), (_lone_surrogates, ""),
]


@pytest.fixture
def bad(server_path: Path) -> Iterator[Path]:
    """A server to be spoiled; Python's own rmtree would fail at what nests too deep."""
    write_server(server_path, "bad")
    (server_path / "bad/data").mkdir(exist_ok=True)
    yield server_path / "bad"
    with Root(server_path / "bad") as root:
        delete(root, "data")


@pytest.mark.parametrize(("mishap", "outcome"), MISHAPS, ids=lambda one: getattr(one, "__name__", ""))
def test_whatever_a_server_is_made_into_the_others_are_saved(
    mishap: Callable[[Path], None], outcome: str, bad: Path, server: str, fake: FakeDocker, restic: FakeRestic,
    owner: APIClient,
) -> None:
    mishap(bad)

    answer = owner.post("/api/snapshots", {}, format="json")

    assert answer.status_code == 200, answer.json()
    told: dict[str, Any] = answer.json()
    made = restic.snapshots[0]
    assert f"saved:{server}:stopped" in made["tags"]
    level = "partial" if outcome == "partial" else "stopped"
    if outcome in {"", "partial", "warned"}:
        assert f"saved:bad:{level}" in made["tags"]
        assert (told["skipped"], told["skipped_because"]) == ([], {})
        assert any("bad" in one for one in told["warnings"]) == (outcome != "")
    else:
        assert "server:bad" not in made["tags"]
        assert told["skipped"] == ["bad"]
        assert told["skipped_because"]["bad"] in told["warnings"][0]
        assert "bad cannot be looked into" in told["warnings"][0]
        assert str(bad) not in made["excludes"]


def _hangs(game: FakeGame, fake: FakeDocker) -> None:
    game.silent |= {"save-off", "save-all flush"}


def _hangs_up(game: FakeGame, fake: FakeDocker) -> None:
    game.hangs_up_on.add("save-off")


@pytest.mark.parametrize("trouble", [_hangs, _hangs_up])
@pytest.mark.parametrize("require_flushed", [False, True])
async def test_a_game_that_cannot_be_held_still_costs_the_others_nothing(
    trouble: Callable[[FakeGame, FakeDocker], None], require_flushed: bool, server_path: Path, fake: FakeDocker,
    game: FakeGame, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backups.snapshots.held_game.COMMAND_S", 0.5)
    await started(server_path, fake, game)
    write_server(server_path, "calm")
    trouble(game, fake)

    operation = await back_up(server_id="", require_flushed=require_flushed)

    result, tags = operation.result or {}, restic.snapshots[0]["tags"]
    assert "saved:calm:stopped" in tags
    assert result["skipped"] == (["survival"] if require_flushed else [])
    assert ("server:survival" in tags) is not require_flushed
    assert ("saved:stopped" in tags) is require_flushed, "what is claimed is true of all that is in it"
    assert any("survival" in one for one in operation.warnings)


async def test_where_the_engine_cannot_tell_who_writes_nothing_better_is_claimed_of_anyone(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    write_server(server_path, "calm")
    fake.broken[fake.find("mc-survival").id] = "input/output error"
    await back_up(server_id="")
    assert {"saved:survival:live", "saved:calm:live"} <= set(restic.snapshots[0]["tags"])
    with pytest.raises(FlushNotConfirmed, match=r"calm: nobody knows.*survival: nobody knows"):
        await back_up(server_id="", require_flushed=True)
    assert len(restic.snapshots) == 1


@pytest.mark.parametrize("require_flushed", [False, True])
async def test_a_container_that_goes_away_meanwhile_takes_nothing_from_the_others(
    require_flushed: bool, server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    write_server(server_path, "calm")
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up(server_id="", require_flushed=require_flushed))
    await restic.entered.wait()
    fake.containers.clear()
    restic.gate.set()

    operation = await running

    result, tags = operation.result or {}, restic.snapshots[0]["tags"]
    assert "saved:calm:stopped" in tags
    assert result["skipped"] == (["survival"] if require_flushed else [])
    assert ("server:survival" in tags) is not require_flushed
    assert ("saved:survival:unconfirmed" in tags) is not require_flushed
    assert (result["snapshot"]["saved"] == "stopped") is require_flushed


async def test_where_every_game_is_disturbed_nothing_is_kept(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic
) -> None:
    await started(server_path, fake, game)
    restic.gate = asyncio.Event()
    running = asyncio.create_task(back_up(server_id="", require_flushed=True))
    await restic.entered.wait()
    fake.containers.clear()
    restic.gate.set()
    with pytest.raises(FlushNotConfirmed, match="it stopped while it was copied"):
        await running
    assert restic.snapshots == []


async def test_all_busy_is_no_snapshot(server_path: Path, fake: FakeDocker, server: str, restic: FakeRestic) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()

    async def hold(_: Progress) -> None:
        entered.set()
        await gate.wait()

    job = runner.Job(kind=kinds.find("up"), server_id=server, work=hold, by=Caller("olivia"))
    held = asyncio.create_task(runner.run(job))
    await entered.wait()
    with pytest.raises(NoServerCouldBeSaved, match="is busy with something else"):
        await back_up(server_id="")
    gate.set()
    await held
    assert restic.snapshots == []


@pytest.mark.restic
@pytest.mark.parametrize(
    "mishap", [_deep, _data_a_loop, _list_a_pipe, _compose_a_device, _compose_a_loop, _lone_surrogates, _env_a_pipe]
)
def test_a_real_restic_saves_the_others_too(
    mishap: Callable[[Path], None], bad: Path, server: str, home: Path, vault: Path, owner: APIClient
) -> None:
    mishap(bad)
    made = owner.post("/api/snapshots", {}, format="json").json()
    assert f"saved:{server}:stopped" in made["snapshot"]["tags"]
    found = owner.get(f"/api/snapshots/{made['snapshot']['id']}/files?path={home}/data/world").json()["items"]
    assert "level.dat" in {one["name"] for one in found}


async def test_what_left_a_server_out_is_not_its_last_good_snapshot(
    server_path: Path, fake: FakeDocker, game: FakeGame, restic: FakeRestic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.snapshots.held_game.COMMAND_S", 0.5)
    await started(server_path, fake, game)
    write_server(server_path, "calm")
    first = await back_up(server_id="", require_flushed=True)
    _hangs(game, fake)
    second = await back_up(server_id="", require_flushed=True)
    found = await wiring.snapshot_cache().read()
    good = await in_database(health.read_good, found)
    ids = [(one.result or {})["snapshot"]["id"] for one in (first, second)]
    assert [good[name].id for name in ("survival", "calm")] == ids


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOTCONN, errno.ENOMEM])
def test_a_disk_that_fails_at_one_server_is_named_and_fails_no_other(
    number: int, server_path: Path, server: str, fake: FakeDocker, restic: FakeRestic, owner: APIClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_server(server_path, "bad")
    real = os.stat

    def fail(place: Any, *args: Any, **options: Any) -> os.stat_result:
        held = options.get("dir_fd")
        if held is not None and os.readlink(f"/proc/self/fd/{held}").endswith("/bad"):
            raise OSError(number, os.strerror(number))
        return real(place, *args, **options)

    monkeypatch.setattr(os, "stat", fail)
    told = owner.post("/api/snapshots", {}, format="json").json()
    assert told["skipped"] == ["bad"]
    assert told["skipped_because"]["bad"] in told["warnings"][0]
    assert f"saved:{server}:stopped" in restic.snapshots[0]["tags"]
