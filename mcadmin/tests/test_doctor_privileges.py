"""What doctor says of files that give somebody rights on the machine."""

import io
import json
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from core.paths import privileged
from core.paths.root import Root
from mcadmin.doctor import privileges
from servers import wiring
from servers.tests.conftest import write_server

pytestmark = pytest.mark.django_db(transaction=True)
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices and mounts")


@pytest.fixture
def servers(settings: Any) -> Iterator[Path]:
    """A servers' directory that every user of the machine can enter; pytest's own folders nobody else can."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    folder = top / "servers"
    folder.mkdir(mode=0o755)
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": folder})
    wiring.reset()
    yield folder
    wiring.reset()
    subprocess.run(["rm", "-rf", top], check=True)


def examine(name: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("doctor", "--json", stdout=out)
    return [one for one in json.loads(out.getvalue()) if one["name"] == name]


def make(path: Path, kind: str) -> None:
    """Make what a game may make of its own files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    elif kind == "disk":
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 200))
    elif kind == "link":
        path.symlink_to("/usr/bin/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "setgid directory":
        path.mkdir()
        path.chmod(0o2775)
    else:
        path.write_bytes(b"#!/bin/sh\n")
        path.chmod({"setuid": 0o4755, "setgid": 0o2755, "setuid, not to be run": 0o4600, "plain": 0o755}[kind])


@pytest.mark.parametrize("place", ["x", "plugins/.a/b/x", "name with 'quotes'\n"])
@pytest.mark.parametrize(
    ("kind", "is_named"),
    [
        ("setuid", True), ("setgid", True), ("setuid, not to be run", True),
        pytest.param("device", True, marks=AS_ROOT), pytest.param("disk", True, marks=AS_ROOT),
        ("plain", False), ("link", False), ("pipe", False), ("setgid directory", False),
    ],
)
def test_what_gives_rights_is_named_with_a_cure_that_works(
    servers: Path, kind: str, is_named: bool, place: str
) -> None:
    path = write_server(servers, "lobby") / "data" / place
    make(path, kind)

    (found,) = examine("privileges")

    assert (found["verdict"], "lobby" in found["sentence"]) == (("warning", True) if is_named else ("ok", False))
    if is_named:
        assert place.replace("\n", "\N{REPLACEMENT CHARACTER}") in found["sentence"]
        subprocess.run(found["advice"].removeprefix("Run: "), shell=True, check=True)  # noqa: S602 - as people do
        assert [one["verdict"] for one in examine("privileges")] == ["ok"]
        assert os.path.lexists(path) == (kind not in {"device", "disk"})


def test_only_so_many_files_are_looked_at(servers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privileges, "MAX_ENTRIES", 20)
    for name in ("a", "b"):
        data = write_server(servers, name) / "data"
        for number in range(15):
            (data / f"{number:02}").touch()
    make(servers / "b/data/zz", "setuid")

    assert "Only the first 20 files were looked at, up to b." in [one["sentence"] for one in examine("privileges")]
    with Root(servers / "b/data") as root:
        assert privileged(root, at_most=5, max_entries=3) == ([], 3)


def test_folders_that_others_can_enter_are_named_with_a_cure_that_works(servers: Path) -> None:
    for number, mode in enumerate((0o700, 0o755, 0o750, 0o711, 0o000)):
        write_server(servers, f"s{number}").chmod(mode)

    (found,) = examine("folders")

    assert found["verdict"] == "warning"
    assert "the folders of s1, s2, s3, and" in found["sentence"]
    subprocess.run(found["advice"].removeprefix("Run: "), shell=True, check=True)  # noqa: S602 - as people do
    assert [one["verdict"] for one in examine("folders")] in ([], ["ok"])
    assert [stat.S_IMODE((servers / f"s{number}").stat().st_mode) for number in range(4)] == [0o700] * 4


@pytest.mark.parametrize(("place", "mode"), [(".", 0o700), ("..", 0o700), ("..", 0o744)])
def test_open_folders_below_a_closed_one_are_nobodys_business(servers: Path, place: str, mode: int) -> None:
    write_server(servers, "lobby").chmod(0o755)
    assert [one["verdict"] for one in examine("folders")] == ["warning"]

    (servers / place).chmod(mode)

    assert "warning" not in [one["verdict"] for one in examine("folders")]


@AS_ROOT
@pytest.mark.parametrize(
    ("options", "missing"),
    [("nosuid,nodev", ""), ("nosuid", "nodev"), ("nodev", "nosuid"), ("rw", "nosuid and nodev")],
)
def test_a_disk_that_takes_rights_is_a_hint(servers: Path, options: str, missing: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=4m,{options}", "tmpfs", servers], check=True)
    try:
        found = examine("mount")
    finally:
        subprocess.run(["umount", servers], check=True)

    assert [one["verdict"] for one in found] == ["ok"] * bool(missing)
    if missing:
        assert found[0]["sentence"] == f"The servers' disk is mounted without {missing}."
        assert missing.replace(" and ", ",") in found[0]["advice"]
