"""A game that writes in a server's folder is never overlooked, whoever started it and by whatever name."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, wait_for
from testing.repositories import PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.timeout(300)]

TINY = "mcadmin-testbed:tiny"


def run(*argv: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("writers")
    make_empty(folder / "repository")
    settings = {
        "RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD,
        "ALLOWED_IMAGES": f"itzg/minecraft-server,{TINY.partition(':')[0]}",
    }
    with running_panel(folder, **settings) as one:
        yield one


@pytest.fixture
def server(panel: Panel) -> Iterator[Path]:
    """A server's folder with a world and a compose file that runs a sleeping game."""
    name = f"w{uuid.uuid4().hex[:8]}"
    text = real_text(name, image=TINY, memory="64m")
    text = text.replace("    volumes:", "    command: [sleep, '600']\n    volumes:")
    write_server(panel.servers, name, text)
    folder = panel.servers / name
    (folder / "data/level.dat").write_bytes(b"level")
    yield folder
    found = run("docker", "ps", "--all", "--quiet", "--filter", f"name={name}").split()
    subprocess.run(["docker", "rm", "--force", *found], capture_output=True, check=False)
    subprocess.run(["docker", "volume", "rm", f"{name}-bound"], capture_output=True, check=False)
    for project in (name, f"{name}x"):
        subprocess.run(["docker", "network", "rm", f"{project}_default"], capture_output=True, check=False)


def compose(folder: Path, *argv: str) -> None:
    run(Path(__file__).resolve().parents[3] / ".tools/bin/docker-compose", *argv, cwd=folder)


def by_other_project(folder: Path, tmp_path: Path) -> str:
    del tmp_path
    compose(folder, "-p", f"{folder.name}x", "up", "-d")
    return f"{folder.name}x"


def by_name_in_the_file(folder: Path, tmp_path: Path) -> str:
    del tmp_path
    file = folder / "compose.yaml"
    file.write_text(f"name: {folder.name}x\n{file.read_text()}")
    compose(folder, "up", "-d")
    return f"{folder.name}x"


def by_docker_run(folder: Path, tmp_path: Path) -> str:
    del tmp_path
    name = f"{folder.name}-plain"
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", f"{folder}/data:/data", TINY, "sleep", "600")
    return name


def by_another_path(folder: Path, tmp_path: Path) -> str:
    """The servers' folder is mounted at a second place, and the container made from there."""
    name = f"{folder.name}-seen"
    seen = tmp_path / "seen" / folder.name / "data"
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", f"{seen}:/data", TINY, "sleep", "600")
    return name


def by_a_part_of_it(folder: Path, tmp_path: Path) -> str:
    """The world alone is mounted at a second place, none of whose parents tells whose it is."""
    name = f"{folder.name}-part"
    part = tmp_path / "part"
    part.mkdir()
    (folder / "data/world").mkdir()
    run("mount", "--bind", folder / "data/world", part)
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", f"{part}:/data", TINY, "sleep", "600")
    return name


def by_what_is_mounted_in_it(folder: Path, tmp_path: Path) -> str:
    """The world lies elsewhere and is mounted into the folder: whoever has it there writes in the folder."""
    name = f"{folder.name}-elsewhere"
    world = tmp_path / "world"
    world.mkdir()
    (folder / "data/world").mkdir()
    run("mount", "--bind", world, folder / "data/world")
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", f"{world}:/data", TINY, "sleep", "600")
    return name


def by_a_crash_loop(folder: Path, tmp_path: Path) -> str:
    """Its process ends at once, and the engine waits longer each time before it starts it again."""
    del tmp_path
    name = f"{folder.name}-loop"
    mount = f"{folder}/data:/data"
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "--restart", "always", "-v", mount, TINY, "false")
    asked = ("docker", "inspect", "--format", "{{.State.Status}} {{gt .RestartCount 5}}", name)
    wait_for(lambda: run(*asked), "restarting true".__eq__, limit_s=60)
    return name


def by_a_bound_volume(folder: Path, tmp_path: Path) -> str:
    """Its volume is the folder, by the driver's options; between two runs no process shows what is mounted."""
    del tmp_path
    name = f"{folder.name}-bound"
    options = [word for one in ("type=none", "o=bind", f"device={folder}/data") for word in ("--opt", one)]
    run("docker", "volume", "create", *options, name)
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "--restart", "always", "-v", f"{name}:/data", TINY,
        "false")
    asked = ("docker", "inspect", "--format", "{{.State.Status}} {{gt .RestartCount 5}}", name)
    wait_for(lambda: run(*asked), "restarting true".__eq__, limit_s=60)
    return name


def by_what_is_mounted_in_what_it_reads(folder: Path, tmp_path: Path) -> str:
    """It may only read the folder, but the engine leaves writable what is mounted in it."""
    name = f"{folder.name}-within"
    world = tmp_path / "world"
    world.mkdir()
    (folder / "data/world").mkdir()
    run("mount", "--bind", world, folder / "data/world")
    mount = f"{folder}/data:/data:ro"
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", mount, TINY, "sleep", "600")
    run("docker", "exec", name, "touch", "/data/world/written")  # else the engine closes it, and there is no hole
    return name


def by_what_was_moved_in(folder: Path, tmp_path: Path) -> str:
    """It began where the folder lay before: the engine goes on naming that."""
    name, before = f"{folder.name}-moved", tmp_path / "before"
    (folder / "data").rename(before)
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", f"{before}:/data", TINY, "sleep", "600")
    before.rename(folder / "data")
    return name


def by_a_link_that_leads_elsewhere_now(folder: Path, tmp_path: Path) -> str:
    name, link = f"{folder.name}-link", tmp_path / "link"
    link.symlink_to(folder / "data")
    run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", f"{link}:/data", TINY, "sleep", "600")
    link.unlink()
    link.symlink_to("/nowhere")
    return name


@pytest.fixture
def seen(panel: Panel, tmp_path: Path) -> Iterator[None]:
    place = tmp_path / "seen"
    place.mkdir()
    run("mount", "--bind", panel.servers, place)
    yield
    run("umount", "--lazy", place)
    inside = (one / "data/world" for one in panel.servers.iterdir())
    for mounted in (tmp_path / "part", *inside):
        subprocess.run(["umount", "--lazy", mounted], capture_output=True, check=False)


WAYS: dict[str, Callable[[Path, Path], str]] = {
    "a project under another name": by_other_project,
    "a name in the file": by_name_in_the_file,
    "docker run": by_docker_run,
    "another path": by_another_path,
    "a part of it at another path": by_a_part_of_it,
    "what is mounted in it": by_what_is_mounted_in_it,
    "what was moved in": by_what_was_moved_in,
    "a link that leads elsewhere now": by_a_link_that_leads_elsewhere_now,
    "a crash loop": by_a_crash_loop,
    "a volume that is bound to it": by_a_bound_volume,
    "what is mounted in what it reads": by_what_is_mounted_in_what_it_reads,
}


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("way", WAYS)
def test_writer_is_seen_by_every_action(panel: Panel, server: Path, tmp_path: Path, way: str) -> None:
    with panel.client() as client:
        saved = snapshot(client, server.name)
        named = WAYS[way](server, tmp_path)

        made = client.post("/snapshots", json={"server_id": server.name}).json()
        assert made["snapshot"]["saved"] == "live", made
        required = client.post("/snapshots", json={"server_id": server.name, "require": "flushed"})
        assert (required.status_code, required.json()["code"]) == (504, "flush_not_confirmed")
        body = {"snapshot_id": saved, "server_id": server.name, "skip_safety_check": True}
        refused = {
            "restore": client.post("/snapshots/restore", json=body),
            "remove": operate(client, server.name, "remove"),
            "up": operate(client, server.name, "up"),
            "down": operate(client, server.name, "down"),
        }

    codes = {name: one.status_code for name, one in refused.items()}
    assert (codes["restore"], codes["remove"]) == (409, 409), codes
    assert codes["up"] == (403 if way == "a name in the file" else 409)  # the name is a finding of the compose policy
    assert named in refused["restore"].json()["detail"]
    if way in {"a project under another name", "a name in the file"}:
        assert refused["down"].status_code == 409
        assert named in refused["down"].json()["detail"]
    assert (server / "data/level.dat").read_bytes() == b"level"


def another(server: Path) -> str:
    name = f"{server.name}-brief"
    mount = f"{server}/data:/data"
    run("docker", "create", "--name", name, "--memory", "64m", "-v", mount, TINY, "sleep", "600")
    return name


def its_own(server: Path) -> str:
    compose(server, "create")
    return f"mc-{server.name}"


def its_own_that_has_run_before(server: Path) -> str:
    name = its_own(server)
    run("docker", "start", name)
    run("docker", "kill", name)
    return name


@pytest.mark.parametrize(
    ("made", "level"), [(another, "live"), (its_own, "unconfirmed"), (its_own_that_has_run_before, "unconfirmed")]
)
def test_who_ran_during_the_copy_and_has_ended_is_seen(
    panel: Panel, server: Path, made: Callable[[Path], str], level: str
) -> None:
    name = made(server)
    with open(server / "data/world.bin", "wb") as file:
        file.writelines(os.urandom(1 << 20) for _ in range(300))
    with panel.client() as client, ThreadPoolExecutor(1) as others:
        copied = others.submit(lambda: snapshot_of(client, server.name))
        wait_for(lambda: is_copied(server), bool, limit_s=60)
        run("docker", "start", name)
        run("docker", "kill", name)
        assert not copied.done(), "the copy was over before: it has to be larger"
        told = copied.result()

    assert told["snapshot"]["saved"] == level, told
    assert "while it was copied" in told["warnings"][0] or name in told["warnings"][0]


def is_copied(folder: Path) -> bool:
    """Tell whether a restic reads the folder's large file now."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            is_restic = "restic" in (link.parents[1] / "comm").read_text()
            if is_restic and os.readlink(link) == str(folder / "data/world.bin"):
                return True
    return False


def snapshot_of(client: httpx.Client, server_id: str) -> dict[str, Any]:
    told: dict[str, Any] = client.post("/snapshots", json={"server_id": server_id}).json()
    return told


def test_who_may_only_read_is_no_writer(panel: Panel, server: Path, tmp_path: Path) -> None:
    """A monitor that sees the whole machine, and disks mounted in it: with them each server would be written by it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    run("mount", "--bind", panel.servers, disk)
    name = f"{server.name}-monitor"
    try:
        run("docker", "run", "-d", "--name", name, "--memory", "64m", "-v", "/:/host:ro", TINY, "sleep", "600")
        with panel.client() as client:
            snapshot(client, server.name)
    finally:
        run("umount", "--lazy", disk)


def snapshot(client: httpx.Client, server_id: str) -> str:
    made = client.post("/snapshots", json={"server_id": server_id}).json()
    assert made["snapshot"]["saved"] == "stopped", made
    return str(made["snapshot"]["id"])


PLACES = {
    "a volume of nobody's": (
        "foreign:/data", "made for this server", "\nvolumes:\n  foreign:\n    external: true\n    name: {}\n",
    ),
    "nothing at all": ("./other:/other", "inside its container", ""),
    "a volume of its own": ("mcdata:/data", "", "\nvolumes:\n  mcdata: {{}}\n"),
    "its folder": ("./data:/data", "", ""),
}


@pytest.mark.parametrize("what", PLACES)
def test_snapshot_without_the_world_says_so(panel: Panel, server: Path, what: str) -> None:
    mount, why, more = PLACES[what]
    run("docker", "volume", "create", server.name)
    file = server / "compose.yaml"
    file.write_text(file.read_text().replace("./data:/data", mount) + more.format(server.name))

    with panel.client() as client:
        made = client.post("/snapshots", json={"server_id": server.name}).json()
        required = client.post("/snapshots", json={"server_id": server.name, "require": "flushed"})
        health = client.get("/snapshots/health").json()
    run("docker", "volume", "rm", server.name)

    good = next(one for one in health["servers"] if one["server_id"] == server.name)["last_good"]
    if not why:
        assert (made["snapshot"]["saved"], made["snapshot"]["missing"], required.status_code) == ("stopped", [], 200)
        assert good
        return
    assert made["snapshot"]["saved"] == "partial", made
    assert [one["place"] for one in made["snapshot"]["missing"]] == ["/data"]
    assert why in made["snapshot"]["missing"][0]["why"]
    assert (required.status_code, required.json()["code"]) == (409, "not_all_in_snapshot")
    assert good is None
