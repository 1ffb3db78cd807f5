"""What a confined program can reach: real programs, a real kernel, each means alone and both together."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from core import confinement
from core.confined_exec import CANNOT_CONFINE, LANDLOCK, MOUNTS
from core.confinement import Confinement

BOTH = frozenset({LANDLOCK, MOUNTS})
PROGRAMS = tuple(map(Path, ("/bin", "/usr", "/lib", "/lib64")))
SECRET = "a secret of the machine"


@dataclass
class Ground:
    """``data`` of a server, a ``neighbour`` beside it, and a ``host`` with a secret."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "servers/lobby/data"

    @property
    def neighbour(self) -> Path:
        return self.folder / "servers/other"

    @property
    def host(self) -> Path:
        return self.folder / "host"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    made = Ground(tmp_path.resolve())
    for folder in (made.data / "world", made.neighbour, made.host):
        folder.mkdir(parents=True)
        (folder / "file").write_text(SECRET if folder != made.data / "world" else "the game's own")
    (made.data / "world/sub").mkdir()
    return made


async def require(means: frozenset[str]) -> None:
    """The table below is nothing on a kernel that offers less; on the test bed's it must not shrink unseen."""
    missing = means - await confinement.available()
    if missing and os.environ.get("MCADMIN_REQUIRE_REAL") == "1":
        pytest.fail(f"the kernel offers no {missing}")
    if missing:
        pytest.skip(f"the kernel offers no {missing}")


def run(confined: Confinement, means: frozenset[str], *argv: str, cwd: Path | None = None) -> tuple[int, str]:
    done = subprocess.run([*confined.prefix(means), *argv], capture_output=True, text=True, check=False, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def reading(ground: Ground) -> Confinement:
    return Confinement(execute=PROGRAMS, data_read=(ground.data,))


def writing(ground: Ground) -> Confinement:
    return Confinement(execute=PROGRAMS, data_write=(ground.data,))


TARGETS = {
    "a file outside": "{host}/file",
    "a folder outside": "{host}",
    "a neighbour": "../../other",
    "all of the machine": "/",
    "by another process": "/proc/{pid}/root{host}",
    "by its own process": "/proc/self/root{host}",
    "by its own folder": "/proc/self/cwd",
}


@pytest.mark.parametrize("means", [{LANDLOCK}, {MOUNTS}, BOTH], ids=lambda one: "+".join(sorted(one)))
@pytest.mark.parametrize("kind", TARGETS)
async def test_no_link_leads_a_reader_out(ground: Ground, means: set[str], kind: str) -> None:
    await require(frozenset(means))
    (ground.data / "link").symlink_to(TARGETS[kind].format(host=ground.host, pid=os.getpid()))
    inner = {"a file outside": "", "all of the machine": f"{ground.host}/file"}.get(kind, "/file")
    path = f"{ground.data}/link{inner}"
    seen = run(reading(ground), frozenset(), "cat", path, cwd=ground.host)
    assert seen == (0, SECRET), "the control reads nothing, so the table proves nothing"

    code, text = run(reading(ground), frozenset(means), "cat", path, cwd=ground.host)

    assert (code, SECRET in text) == (1, False)
    assert run(reading(ground), frozenset(means), "cat", f"{ground.data}/world/file") == (0, "the game's own")


@pytest.mark.parametrize("means", [{LANDLOCK}, {MOUNTS}, BOTH], ids=lambda one: "+".join(sorted(one)))
@pytest.mark.parametrize(
    "script",
    [
        "echo changed > link/file", "echo new > link/new", "rm link/file", "mkdir link/new", "mv world/file link/new",
        "ln -s / link/new", "truncate -s 0 link/file", "mkfifo link/new",
    ],
)
async def test_no_link_leads_a_writer_out(ground: Ground, means: set[str], script: str) -> None:
    await require(frozenset(means))
    (ground.data / "link").symlink_to(ground.host)

    code, _ = run(writing(ground), frozenset(means), "sh", "-c", script, cwd=ground.data)

    assert code != 0
    assert [(path.name, path.read_text()) for path in ground.host.iterdir()] == [("file", SECRET)]
    inside = "echo a > world/new; mkdir world/dir; mv world/new world/dir/; rm world/file; ln -s a world/link"
    assert run(writing(ground), frozenset(means), "sh", "-ec", inside, cwd=ground.data) == (0, "")


async def test_owner_and_mode_of_what_a_link_leads_to_stay(ground: Ground) -> None:
    """Landlock alone knows nothing of them."""
    await require(BOTH)
    (ground.data / "link").symlink_to(ground.host)
    before = (ground.host / "file").stat()

    for words in (("chmod", "4777"), ("chown", "1:1"), ("touch", "-d", "2001-01-01")):
        code, _ = run(writing(ground), BOTH, *words, f"{ground.data}/link/file")
        assert code != 0

    assert (ground.host / "file").stat() == before


@pytest.mark.parametrize("means", [{LANDLOCK}, {MOUNTS}, BOTH], ids=lambda one: "+".join(sorted(one)))
async def test_a_place_that_is_a_link_by_now_starts_nothing(ground: Ground, means: set[str]) -> None:
    await require(frozenset(means))
    ground.data.rename(ground.data.with_name("kept"))
    ground.data.symlink_to(ground.host)

    code, text = run(reading(ground), frozenset(means), "cat", f"{ground.data}/file")

    assert code == CANNOT_CONFINE
    assert SECRET not in text
    assert "cannot be confined" in text


@pytest.mark.parametrize("means", [{LANDLOCK}, {MOUNTS}, BOTH], ids=lambda one: "+".join(sorted(one)))
async def test_what_is_mounted_below_is_read_and_leads_nowhere(ground: Ground, means: set[str]) -> None:
    await require(frozenset(means) | {MOUNTS})
    place = ground.data / "world/sub dir"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,nodev", "none", place], check=True)
    try:
        (place / "file").write_text("mounted")
        (place / "link").symlink_to(ground.host)
        assert run(reading(ground), frozenset(means), "cat", f"{place}/file") == (0, "mounted")
        code, text = run(reading(ground), frozenset(means), "cat", f"{place}/link/file")
        assert (code, SECRET in text) == (1, False)
    finally:
        subprocess.run(["umount", place], check=True)


async def test_reader_writes_nothing_even_inside(ground: Ground) -> None:
    await require(BOTH)
    code, _ = run(reading(ground), BOTH, "sh", "-c", "echo a > world/new", cwd=ground.data)
    assert code != 0
    assert not (ground.data / "world/new").exists()


async def test_writer_starts_nothing_that_it_wrote(ground: Ground) -> None:
    """Else a restore could run what a game put into its snapshot."""
    await require(BOTH)
    script = "cp /bin/echo world/tool && chmod 755 world/tool && ls world/tool && ! world/tool started"

    code, text = run(writing(ground), BOTH, "sh", "-c", script, cwd=ground.data)

    assert (code, "started" in text, "world/tool" in text) == (0, False, True), text


async def test_nobody_gets_out_by_mounting_or_by_asking_again(ground: Ground) -> None:
    await require(BOTH)
    (ground.data / "bind").mkdir()
    wide = Confinement(execute=PROGRAMS, read=(Path("/"),)).prefix(frozenset({LANDLOCK}))
    for words in (("mount", "--bind", str(ground.host), f"{ground.data}/bind"), (*wide, "cat", f"{ground.host}/file")):
        code, text = run(Confinement(execute=(*PROGRAMS, Path("/root"), Path("/work"))), BOTH, *words)
        assert (code != 0, SECRET in text) == (True, False)


async def test_user_without_rights_is_confined_by_landlock(ground: Ground) -> None:
    """As the unit's user; it may read everything, as a unit with CAP_DAC_READ_SEARCH lets it."""
    await require(frozenset({LANDLOCK}))
    (ground.data / "link").symlink_to(ground.host)
    user = (
        "setpriv", "--reuid=23456", "--regid=23456", "--clear-groups", "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
    )
    walls = reading(ground).prefix(frozenset({LANDLOCK}))
    read = ("cat", f"{ground.data}/link/file")

    free = subprocess.run([*user, *read], capture_output=True, text=True, check=False)
    confined = subprocess.run([*user, *walls, *read], capture_output=True, text=True, check=False)

    assert free.stdout == SECRET
    assert (confined.returncode, confined.stdout) == (1, "")
