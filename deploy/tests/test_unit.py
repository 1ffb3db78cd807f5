"""The systemd unit as systemd itself reads it."""

import subprocess
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[1]


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "mcadmin.service").read_text()
    # The paths of an installed panel, so that systemd finds what it is to start.
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "mcadmin.service"
    unit.write_text(text.replace("/opt/mcadmin/.venv/bin/python", str(program)))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "Unknown" not in done.stderr
