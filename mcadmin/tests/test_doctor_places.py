"""Doctor names the folders with a compose file that cannot be servers: nothing else would show them."""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from servers import wiring
from servers.docker.compose import COMPOSE_FILES
from servers.tests.conftest import compose_text, write_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The servers' directory, with one server in it that is as it should be."""
    made = tmp_path / "servers"
    made.mkdir()
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"server_path": made})
    wiring.reset()
    write_server(made, "good")
    yield made
    wiring.reset()


def places() -> list[dict[str, Any]]:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("doctor", "--json", stdout=out)
    return [one for one in json.loads(out.getvalue()) if one["name"] == "places"]


def put(path: Path, file: str = "compose.yaml") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / file).write_text(compose_text("x"))
    return path


def link(folder: Path, name: str) -> None:
    (folder / name).symlink_to(put(folder.parent / "elsewhere"))


def link_to_nothing(folder: Path, name: str) -> None:
    (folder / name).symlink_to(folder.parent / "absent")


def link_to_data(folder: Path, name: str) -> None:
    (folder.parent / "pictures").mkdir()
    (folder / name).symlink_to(folder.parent / "pictures")


def linked_file(folder: Path, name: str) -> None:
    """Docker would read it; the panel follows no link out of a server's folder."""
    (folder / name).mkdir()
    (folder / name / "compose.yaml").symlink_to(folder / "good/compose.yaml")


def file_linked_to_nothing(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    (folder / name / "docker-compose.yml").symlink_to("absent.yml")


def not_utf_8(folder: Path, name: str) -> None:
    os.mkdir(os.fsencode(folder) + b"/caf\xe9")
    (folder / os.fsdecode(b"caf\xe9") / "compose.yaml").touch()


PLACES: dict[str, tuple[Callable[[Path, str], Any], str, str]] = {
    "a blank in the name": (lambda f, n: put(f / n), "My Server", "My Server cannot be a server's name"),
    "an umlaut": (lambda f, n: put(f / n), "Gelände", "Gelände cannot be a server's name"),
    "a first dash": (lambda f, n: put(f / n), "-x", "-x cannot be a server's name"),
    "too long": (lambda f, n: put(f / n), "x" * 64, f"{'x' * 64} cannot be a server's name"),
    "a line break": (lambda f, n: put(f / n), "a\nb", "a\N{REPLACEMENT CHARACTER}b cannot be a server's name"),
    "no UTF-8": (not_utf_8, "", "caf\N{REPLACEMENT CHARACTER} cannot be a server's name"),
    "a name of ours": (lambda f, n: put(f / n), "defaults", "defaults is a name that the API needs"),
    "another name of ours": (lambda f, n: put(f / n), "live", "live is a name that the API needs"),
    "a link": (link, "moved", "The folder of moved is a link"),
    "a link with a bad name": (link, "my link", "my link cannot be a server's name"),
    "a link to nothing": (link_to_nothing, "gone", ""),
    "a link to something else": (link_to_data, "pictures", ""),
    "a linked compose file": (linked_file, "linked", "The compose file of linked is a link out of its folder"),
    "a compose file linked to nothing": (
        file_linked_to_nothing, "linked", "The compose file of linked is a link out of its folder, or to nothing"
    ),
    "one folder too deep": (lambda f, n: put(f / n), "group/lobby", "group/lobby lies one folder too deep"),
    "below a bad name": (lambda f, n: put(f / n), "my group/lobby", "my group/lobby lies one folder too deep"),
    "two folders too deep": (lambda f, n: put(f / n), "a/b/c", ""),
    "in the directory itself": (lambda f, _: put(f), "", "A compose file lies in server_path itself"),
    "put aside": (lambda f, n: put(f / n), ".old", ""),
    "put aside in a group": (lambda f, n: put(f / n), "group/.old", ""),
    "a stack in a server's data": (lambda f, n: put(f / n), "good/data", ""),
    "no compose file": (lambda f, n: put(f / n, "notes.txt"), "my notes", ""),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_cannot_be_a_server_is_named(folder: Path, place: str) -> None:
    make, name, said = PLACES[place]
    make(folder, name)

    (found,) = places()

    assert (found["verdict"], said in found["sentence"]) == ("warning" if said else "ok", True), found


@pytest.mark.parametrize("file", COMPOSE_FILES)
def test_each_name_of_a_compose_file_counts(folder: Path, file: str) -> None:
    put(folder / "my server", file)
    put(folder / "group/one", file)

    assert {one["sentence"].split(" ")[0] for one in places()} == {"my", "group/one"}


def test_of_very_many_the_first_are_named_and_the_rest_counted(folder: Path) -> None:
    for number in range(25):
        put(folder / f"no {number:02}")

    found = [one["sentence"] for one in places()]

    assert len(found) == 21
    assert found[-1] == "5 more folders cannot be servers."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into everything")
def test_what_cannot_be_looked_into_is_named(folder: Path) -> None:
    put(folder / "closed").chmod(0)
    try:
        assert "closed cannot be looked into" in places()[0]["sentence"]
    finally:
        (folder / "closed").chmod(0o700)
