"""Where the files of a server's game lie in a snapshot: by the shape that its tags give its paths, or nowhere."""

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from backups.restic.snapshot import ResticSnapshot
from backups.restores.locate import data_in


@pytest.mark.parametrize(
    ("scope", "path", "expected"),
    [
        ("server", "/srv/lobby", "/srv/lobby/data"),
        ("global", "/srv", "/srv/lobby/data"),
        ("path", "/srv/lobby/data", "/srv/lobby/data"),
        ("path", "/srv/lobby/data/world/lobby", "/srv/lobby/data"),
        # Where the two names stand twice, either pair may be what a game made.
        ("path", "/srv/lobby/data/lobby/data", None),
        ("path", "/srv/lobby/data/lobby/data/world", None),
        ("path", "/srv/lobby/data/world/lobby/data/x", None),
        # What the tags say is not what was saved.
        ("path", "/srv/other/data/world", None),
        ("path", "/lobby", None),
        ("server", "/srv/lobby/data", None),
        ("server", "/srv/lobby/data/other", None),
        ("server", "/etc", None),
    ],
)
def test_place_is_certain_or_none(scope: str, path: str, expected: str | None) -> None:
    tags = ["mcadmin", "instance:a", f"scope:{scope}", "saved:stopped", "server:lobby"]
    snapshot = ResticSnapshot(
        short_id="a" * 8, id="a" * 64, time=datetime.now(UTC), tree="b" * 64, paths=[path], tags=tags
    )

    assert data_in(snapshot, "lobby") == (None if expected is None else PurePosixPath(expected))
    assert data_in(snapshot, "other") is None


TWICE = "/srv/lobby/data/lobby/data"
VOLUME = "/v/lobby_world/_data/lobby_world/_data"


@pytest.mark.parametrize(
    ("path", "tags", "expected"),
    [
        (TWICE, ["inside:lobby:lobby/data"], "/srv/lobby/data"),
        (TWICE, ["inside:lobby:"], TWICE),  # a server that lies in another one's data, saved whole
        (f"{TWICE}/a, b", ["inside:lobby:lobby/data/a%2C%20b"], "/srv/lobby/data"),
        (VOLUME, ["volume:lobby:lobby_world", "inside:lobby:lobby_world/_data"], "/v/lobby_world/_data"),
        ("/srv/lobby/g/lobby/g", ["folder:lobby:g", "inside:lobby:lobby/g"], "/srv/lobby/g"),
        # What the tag says is not what was saved, or what stands before it is no server's data.
        (TWICE, ["inside:lobby:lobby"], None),
        (TWICE, ["inside:lobby:data/lobby/data"], None),
        (TWICE, ["inside:lobby:elsewhere"], None),
        (TWICE, ["inside:lobby:/srv/lobby/data/lobby/data"], None),
        (TWICE, ["inside:lobby:../lobby/data"], None),
        (TWICE, ["inside:other:lobby/data"], None),
    ],
)
def test_place_is_what_the_panel_noted(path: str, tags: list[str], expected: str | None) -> None:
    tags = ["mcadmin", "instance:a", "scope:path", "saved:stopped", "server:lobby", *tags]
    snapshot = ResticSnapshot(
        short_id="a" * 8, id="a" * 64, time=datetime.now(UTC), tree="b" * 64, paths=[path], tags=tags
    )

    assert data_in(snapshot, "lobby") == (None if expected is None else PurePosixPath(expected))
