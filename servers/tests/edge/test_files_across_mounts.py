"""Another disk, or another folder, mounted below a server's data: extract, delete and rename at and across it."""

import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from core.paths import mount_points_at_or_below

pytestmark = pytest.mark.django_db(transaction=True)

PACK = {"aaa/first.txt": b"new", "ssd/world/level.dat": b"new", "ssd/top.txt": b"new", "zzz/last.txt": b"new"}


@pytest.fixture(params=["another disk", "a folder of the same disk"])
def ssd(request: pytest.FixtureRequest, data: Path, tmp_path: Path) -> Iterator[Path]:
    """A mount point in the data, with a file in it; both lie below a folder `deep`, too."""
    found = data / "ssd"
    points = [found, data / "deep/er/ssd"]
    for number, point in enumerate(points):
        point.mkdir(parents=True)
        source = tmp_path / f"disk{number}"
        source.mkdir()
        is_disk = request.param == "another disk"
        what = ["-t", "tmpfs", "-o", "size=8m", "tmpfs"] if is_disk else ["--bind", str(source)]
        subprocess.run(["mount", *what, point], check=True)
        (point / "kept.txt").write_text("kept")
    with zipfile.ZipFile(data / "pack.zip", "w") as archive:
        for name, content in PACK.items():
            archive.writestr(name, content)
    yield found
    for point in mount_points_at_or_below(data):  # a folder around one may have another name by now
        subprocess.run(["umount", "--lazy", point], check=True)


def tree(data: Path) -> dict[str, bytes]:
    """Return all files, and folders with an empty content."""
    found = {path: path.read_bytes() if path.is_file() else b"" for path in data.rglob("*")}
    return {str(path.relative_to(data)): content for path, content in found.items()}


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_archive_across_a_mount_point_changes_nothing(
    owner: APIClient, files: str, data: Path, ssd: Path, *, overwrite: bool
) -> None:
    (data / "zzz").mkdir()
    if overwrite:
        (data / "zzz/last.txt").write_text("old")
    before = tree(data)
    body = {"path": "/pack.zip", "target_path": "/", "overwrite": overwrite}

    answer = owner.post(f"{files}/extract", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "other_file_system"), answer.json()
    assert answer.json()["detail"].startswith("ssd is, or lies below, a mount point")
    assert tree(data) == before


@pytest.mark.parametrize("path", ["/ssd", "/deep/er/ssd", "/deep/er", "/deep"])
@pytest.mark.parametrize("act", ["delete", "rename", "move"])
def test_a_mount_point_and_what_holds_it_stay_with_all_that_is_in_them(
    owner: APIClient, files: str, data: Path, ssd: Path, path: str, act: str
) -> None:
    is_point = path.endswith("ssd")
    before = tree(data)

    if act == "delete":
        answer = owner.delete(f"{files}?path={path}")
    elif act == "rename":
        answer = owner.post(f"{files}/rename", {"old_path": path, "new_name": "other"}, format="json")
    else:
        answer = owner.post(f"{files}/move", {"path": path, "target_path": "/elsewhere"}, format="json")

    if act == "delete" or is_point:
        assert (answer.status_code, answer.json()["code"]) == (409, "mount_point"), answer.json()
        assert "a mount point, so nothing was changed" in answer.json()["detail"]
        assert tree(data) == before
    else:  # a folder takes its mounts along
        assert answer.status_code == 200, answer.json()


def test_all_else_works_beside_and_in_a_mount_point(owner: APIClient, files: str, data: Path, ssd: Path) -> None:
    (data / "link").symlink_to("ssd")
    (ssd / "old/folder").mkdir(parents=True)

    answers = [
        owner.post(f"{files}/extract", {"path": "/pack.zip", "target_path": "/ssd/new"}, format="json"),
        owner.post(f"{files}/extract", {"path": "/pack.zip", "target_path": "/fresh"}, format="json"),
        owner.delete(f"{files}?path=/ssd/old"),
        owner.delete(f"{files}?path=/link"),
        owner.delete(f"{files}?path=/fresh"),
        owner.post(f"{files}/rename", {"old_path": "/ssd/kept.txt", "new_name": "kept2.txt"}, format="json"),
    ]

    assert [one.status_code for one in answers] == [200] * len(answers), [one.json() for one in answers]
    assert (ssd / "new/ssd/world/level.dat").read_bytes() == b"new"
    assert sorted(os.listdir(ssd)) == ["kept2.txt", "new"]
    assert not any(name.startswith(".mcadmin") for name in (*os.listdir(data), *os.listdir(ssd)))
