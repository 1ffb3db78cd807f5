import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from core.confined_exec import LANDLOCK
from core.confinement import Confinement
from servers.tests.conftest import write_server
from testing.panel_process import ROOT, environment, manage

MOST_LAYERS = 16
RESTIC = str(ROOT / ".tools/bin/restic")


def findings(text: str) -> dict[str, Any]:
    """The worst finding of each check."""
    order = {"ok": 0, "warning": 1, "failed": 2}
    found: dict[str, Any] = {}
    for one in sorted(json.loads(text), key=lambda one: order[one["verdict"]]):
        found[one["name"]] = one
    return found


@pytest.mark.django_db(transaction=True)
def test_doctor_tells_what_works() -> None:
    out = io.StringIO()
    with suppress(SystemExit):  # an engine may be missing here
        call_command("doctor", "--json", stdout=out)

    found = findings(out.getvalue())
    assert found["config"]["verdict"] == "ok"
    assert found["migrations"]["verdict"] == "ok"
    assert found["server_path"]["verdict"] == "ok"
    assert found["docker"]["sentence"]
    assert len(found) >= 14


@pytest.mark.process
def test_doctor_works_without_usable_settings(tmp_path: Path) -> None:
    done = manage(tmp_path, "doctor", "--json")

    assert done.returncode == 1
    assert findings(done.stdout)["config"]["verdict"] == "failed"
    assert "Traceback" not in done.stderr


def put_first(folder: Path, line: str) -> None:
    config = folder / "config.toml"
    config.write_text(f"{line}\n{config.read_text()}")


def open_secrets(folder: Path) -> None:
    (folder / "config.toml").chmod(0o644)


def unknown_key(folder: Path) -> None:
    put_first(folder, "mastre_token = 'x'")


def bad_servers(folder: Path) -> None:
    write_server(folder / "servers", "one")
    write_server(folder / "servers", "two")
    (folder / "servers/broken").mkdir()
    (folder / "servers/broken/compose.yaml").write_text("services: [")


def no_repository(folder: Path) -> None:
    config = folder / "config.toml"
    before, _, _ = config.read_text().partition("[restic]")
    section = f'[restic]\nrepository_path = "{folder}/absent"\npassword = "0ne-of-our-own"\nbinary = "{RESTIC}"\n'
    config.write_text(before + section)


def repository_not_made(folder: Path) -> None:
    if (folder / "snapshots").is_dir():
        (folder / "snapshots").rename(folder / "snapshots.new")


def dead_services(folder: Path) -> None:
    put_first(folder, "redis_url = 'redis://127.0.0.1:1/0'")


@pytest.mark.process
@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (open_secrets, {"config": "failed"}),
        (unknown_key, {"config": "failed"}),
        (bad_servers, {"server": "warning", "ports": "warning"}),
        pytest.param(no_repository, {"repository": "failed"}, marks=pytest.mark.restic),
        (repository_not_made, {"repository": "warning"}),
        (dead_services, {"redis": "failed", "docker": "failed"}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_broken_installation_is_told_with_advice(
    tmp_path: Path, break_it: Callable[[Path], None], expected: dict[str, str]
) -> None:
    assert manage(tmp_path, "init").returncode == 0
    break_it(tmp_path)

    variables = environment(tmp_path) | ({"DOCKER_HOST": "unix:///nowhere"} if "docker" in expected else {})
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "doctor", "--json"],
        cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60, check=False,
    )

    found = findings(done.stdout)
    assert {name: found[name]["verdict"] for name in expected} == expected, done.stdout
    assert all(found[name]["advice"] for name in expected)
    assert done.returncode == (1 if "failed" in {one["verdict"] for one in found.values()} else 0)
    assert "Traceback" not in done.stderr
    assert "0ne-of-our-own" not in done.stdout


@pytest.mark.process
@pytest.mark.parametrize(("layers", "verdict"), [(0, "ok"), (MOST_LAYERS, "warning")])
def test_doctor_tells_whether_restic_can_be_confined(tmp_path: Path, layers: int, verdict: str) -> None:
    """Inside of as many Landlocks as the kernel stacks neither another one nor a mount can be had."""
    assert manage(tmp_path, "init").returncode == 0
    everything = (Path("/"),)
    layer = Confinement(read=everything, write=everything, execute=everything).prefix(frozenset({LANDLOCK}))
    done = subprocess.run(
        [*layer * layers, sys.executable, str(ROOT / "manage.py"), "doctor", "--json"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )

    found = findings(done.stdout)["confinement"]

    assert found["verdict"] == verdict
    assert ("cannot be confined" in found["sentence"]) == bool(layers)


@pytest.mark.django_db(transaction=True)
def test_doctor_names_files_that_a_server_cannot_write(tmp_path: Path, settings: Any) -> None:
    from servers import wiring

    (tmp_path / "servers").mkdir()
    data = write_server(tmp_path / "servers", "lobby") / "data"
    (data / "ops.json").write_bytes(b"[]")
    for path in (data, data / "ops.json"):
        os.chown(path, 1000 if os.geteuid() == 0 else -1, -1)
    (data / "ops.json").chmod(0o400)
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": tmp_path / "servers"})
    wiring.reset()
    out = io.StringIO()

    with suppress(SystemExit):
        call_command("doctor", "--json", stdout=out)

    found = findings(out.getvalue())["ownership"]
    assert found["sentence"] == "lobby cannot write ops.json in its data/."
    assert "chown -R --reference" in found["advice"]
    wiring.reset()
