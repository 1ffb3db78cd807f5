"""The disk of the database is full: a sentence, what can be read is read, and it goes on by itself."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from servers.tests.conftest import write_server
from testing.panel import operate, running_panel

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "database"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as open_file, suppress(OSError):
        while open_file.write(bytes(4096)):
            pass


def test_a_full_database_is_told_as_that(tmp_path: Path, small_disk: Path) -> None:
    with running_panel(tmp_path, DATABASE_URL=f"sqlite:///{small_disk}/db.sqlite3") as panel, panel.client() as client:
        write_server(panel.servers, "lobby")
        filler = small_disk / "filler"
        fill(filler)
        answers = [operate(client, "lobby", "start") for _ in range(100)]  # the pages that it has already are used up
        refused = answers[-1]
        assert (refused.status_code, refused.json()["code"]) == (507, "database_full"), refused.text
        assert "no room" in refused.json()["detail"]
        assert {one.status_code for one in answers} <= {409, 503, 507}
        assert client.get("/servers/").json()[0]["id"] == "lobby"
        filler.unlink()
        assert operate(client, "lobby", "start").status_code in {409, 503}  # no container, or no engine
