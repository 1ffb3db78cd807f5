"""The systemd unit as systemd itself reads it, and the panel under what it forbids."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.tests import unit
from deploy.tests.main_job import live_save_and_restore
from testing.panel import Panel
from testing.repositories import BINARIES, PASSWORD

DEPLOY = Path(__file__).resolve().parents[1]
CAPABILITIES = {  # capability.h
    "CHOWN": 0, "DAC_OVERRIDE": 1, "DAC_READ_SEARCH": 2, "FOWNER": 3, "FSETID": 4, "KILL": 5, "SYS_PTRACE": 19,
    "SYS_ADMIN": 21, "SYS_NICE": 23,
}


def analyze(verb: str, tmp_path: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Let systemd look at the unit, with a program in it that is there."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = tmp_path / "mcadmin.service"
    path.write_text((DEPLOY / "mcadmin.service").read_text().replace("/opt/mcadmin/.venv/bin/python", str(program)))
    return subprocess.run(
        ["systemd-analyze", verb, *argv, str(path)], capture_output=True, text=True, check=False
    )


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    done = analyze("verify", tmp_path, "--man=no", "--recursive-errors=no")

    assert done.returncode == 0, done.stderr
    assert "Unknown" not in done.stderr
    print(analyze("security", tmp_path, "--offline=true", "--no-pager").stdout.strip().splitlines()[-1])  # noqa: T201


def test_what_is_hidden_may_be_absent_and_is_nothing_that_the_panel_needs() -> None:
    found = unit.settings()
    needed = {*found["ReadWritePaths"], "-/root/.ssh", "-/etc/mcadmin", "-/opt/mcadmin", "-/run/docker.sock", "-/etc"}

    assert [path for path in found["InaccessiblePaths"] if not path.startswith("-/")] == []
    hidden = [Path(path.lstrip("-")) for path in found["InaccessiblePaths"]]
    assert [one for one in map(Path, (path.lstrip("-") for path in needed))
            if any(one.is_relative_to(other) for other in hidden)] == []


@pytest.fixture
def panel() -> Iterator[Panel]:
    """The panel under the unit's rules; nothing of it lies in /tmp, which is private there."""
    folder = Path(tempfile.mkdtemp(prefix="mcadmin-unit-", dir="/srv"))
    one = Panel(
        folder, RESTIC__REPOSITORY_PATH=str(folder / "repository"), RESTIC__PASSWORD=PASSWORD,
        RESTIC__BINARY=str(BINARIES["0.18"]), XDG_CACHE_HOME=str(folder / "cache"),
    )
    one.manage("snapshot", "init")
    one.prefix = ("unshare", "--mount", "--propagation", "private", sys.executable, unit.__file__, str(folder), "--")
    try:
        one.start()
        yield one
        assert one.stop() == 0
    finally:
        if one.process is not None and one.process.poll() is None:
            one.process.kill()
        shutil.rmtree(folder)


@pytest.mark.docker
@pytest.mark.restic
@pytest.mark.timeout(300)
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts and capabilities are root's")
def test_the_panel_does_its_work_under_the_unit(panel: Panel) -> None:
    assert panel.process is not None
    proc = Path(f"/proc/{panel.process.pid}")
    status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines())
    kept = {name.removeprefix("CAP_") for name in unit.settings()["CapabilityBoundingSet"]}
    assert int(status["CapEff"], 16) == sum(1 << CAPABILITIES[name] for name in kept)
    assert status["NoNewPrivs"] == "1"
    assert Path("/etc/shadow").stat().st_size > 0
    assert (proc / "root/etc/shadow").stat().st_size == 0

    with panel.client() as client:
        live_save_and_restore(client, panel.servers)
    said = (panel.folder / "stderr").read_text()
    assert "Traceback" not in said, said
