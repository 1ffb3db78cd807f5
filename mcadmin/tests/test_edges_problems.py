"""A game whose files nobody but its container has: each edge says so, by one rule."""

from io import StringIO
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from rest_framework.test import APIClient

from mcadmin import attention
from mcadmin.admin_site.servers import list_servers
from mcadmin.doctor import servers as doctor
from servers.tests.conftest import compose_text, fake, server_path, write_server
from servers.tests.edge.conftest import owner
from servers.tests.edge.test_data_in_volumes import AT, NAME, ask, up
from testing.fake_docker import FakeDocker

__all__ = ["fake", "owner", "server_path"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def engine(fake: FakeDocker, tmp_path: Path) -> FakeDocker:
    """An engine that keeps volumes."""
    fake.root_dir = tmp_path / "engine"
    (fake.root_dir / "volumes").mkdir(parents=True)
    return fake


OUT_OF_REACH = {
    "nothing": "", "in memory": "- {type: tmpfs, target: /data}", "without a name": "- /data",
    "outside": "- /srv/game:/data", "below it alone": "- ./world:/data/world", "another driver": "- mc-data:/data",
    "a part": "- {type: volume, source: other, target: /data, volume: {subpath: games/a, nocopy: true}}",
}
WITHIN_REACH = {
    "usual": "- ./data:/data", "long form": "- {type: bind, source: ./data, target: /data}", "itself": "- .:/data",
    "volume": "- other:/data", "not rendered": "- ${WORLDS}/a:/data",
}


def mounted(name: str, mount: str) -> str:
    text = compose_text(name).replace("      - ./data:/data\n", f"      {mount}\n" if mount else "")
    text = text if mount else text.replace("    volumes:\n", "")
    return f"{text}\nvolumes:\n  mc-data: {{}}\n  other: {{}}\n"


@pytest.mark.parametrize("has_container", [False, True])
@pytest.mark.parametrize(("what", "mount"), {**OUT_OF_REACH, **WITHIN_REACH}.items())
def test_a_game_whose_files_nobody_but_it_has_is_a_problem_at_each_edge(
    owner: APIClient, engine: FakeDocker, server_path: Path, what: str, mount: str, *, has_container: bool
) -> None:
    """Its world dies with its container, or no snapshot will hold it."""
    engine.make_volume("voled_mc-data", project=NAME, driver="vieux/sshfs")
    write_server(server_path, NAME, mounted(NAME, mount))
    if has_container and what != "not rendered":
        up()
    else:
        ask()

    (item,) = owner.get("/api/servers").json()
    detail = owner.get(AT).json()
    said = {"list": item["problem"], "detail": detail["problem"], "front page": front_page(), **by_file_alone()}

    is_elsewhere = what in OUT_OF_REACH
    assert detail["dataRoot"]["inSnapshots"] is (not is_elsewhere) or what == "not rendered"
    expected = dict.fromkeys(said, is_elsewhere)
    if what == "another driver":  # only the engine knows
        expected |= {"command": False, "doctor": False}
    assert {place: "The game's files are in" in (text or "") for place, text in said.items()} == expected
    is_lost = what in {"nothing", "without a name", "below it alone"}
    assert any("Nothing is mounted at /data" in one for one in detail["warnings"]) is is_lost


def front_page() -> str:
    return " ".join(item.sentence for item in attention.collect(list_servers()))


def by_file_alone() -> dict[str, str]:
    """Return what a command and `doctor` say of the servers, who have no engine's state at hand."""
    out = StringIO()
    call_command("servers", stdout=out)
    findings = async_to_sync(doctor.check_files)()
    return {"command": out.getvalue(), "doctor": " ".join(map(str, findings))}
