"""A compose file, or a new server, is looked at before it is saved: the same rules, and nothing is written."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import Access, Grant, Role, User, UserRole
from servers.api import checking
from servers.models import AcceptedFindings, ComposeRevision, Operation
from servers.tests.conftest import GAME_PORT, compose_text, write_server
from testing.fake_docker import FakeDocker
from web.rate_limit import FairTurns

pytestmark = pytest.mark.django_db(transaction=True)

PRIVILEGED = "    privileged: true\n    ports:"


@pytest.fixture
def admin(db: None) -> APIClient:
    user = User(username="adam", role=UserRole.ADMIN)
    user.set_unusable_password()
    user.save()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


def check(client: APIClient, server: str, text: str, **more: Any) -> dict[str, Any]:
    answer = client.post(f"/api/servers/{server}/compose/check", {"yaml_content": text, **more}, format="json")
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def check_new(client: APIClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/servers/check", body, format="json")
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in found]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_a_good_text_says_what_it_changes_and_what_it_means(owner: APIClient, fake: FakeDocker, server: str) -> None:
    found = check(owner, server, compose_text(server).replace("2G", "3G"))

    assert (found["errors"], found["findings"], found["effect"]) == ([], [], "none")
    assert "-      MAX_MEMORY: 2G\n+      MAX_MEMORY: 3G" in found["diff"]
    assert found["derived"] == {
        "serverType": "PAPER", "gameVersion": "1.16.1", "javaVersion": 21, "gamePort": GAME_PORT,
        "rconPort": found["derived"]["rconPort"], "maxMemoryBytes": 3 * 1024**3, "games": ["mc"],
    }
    assert check(owner, server, compose_text(server))["diff"] == ""


def test_warnings_have_a_code_and_their_line(owner: APIClient, fake: FakeDocker, server: str) -> None:
    text = compose_text(server).replace("not-a-secret", "a$Bcdefgh")
    lines = text.splitlines()

    found = {one["code"]: one for one in check(owner, server, text)["warnings"]}

    assert set(found) == {"no_stop_grace_period", "no_pids_limit", "java_version", "unset_variable"}
    assert lines[found["java_version"]["line"] - 1].strip().startswith("image:")
    assert "RCON_PASSWORD" in lines[found["unset_variable"]["line"] - 1]
    assert {one["file"] for one in found.values()} == {None}


def test_what_would_be_refused_is_an_error_each_with_its_line(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    write_server(server_path, "other", compose_text("other", game_port=26000, rcon_port=26001))
    text = compose_text(server, game_port=26000).replace(f"mc-{server}", "mc-else")

    found = check(owner, server, text)["errors"]

    assert codes(found) == ["container_name"]
    assert text.splitlines()[found[0]["line"] - 1].strip() == "container_name: mc-else"
    taken = check(owner, server, compose_text(server, game_port=26000))["errors"]
    assert codes(taken) == ["port_taken"]
    assert "other" in taken[0]["message"]


def test_another_servers_name_is_told_to_who_may_know_it_alone(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    write_server(server_path, "other", compose_text("other", game_port=26000, rcon_port=26001))
    write_server(server_path, server.upper())  # the same Compose project name
    text = compose_text(server, game_port=26000)
    gina = User.objects.create(username="gina", access=Access.GRANTED)
    Grant.objects.create(
        user=gina, role=Role.objects.create(name="r", verbs=["compose"]), server=server, incarnation=1
    )
    member = APIClient()
    member.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(gina)}")

    seen, hidden = check(owner, server, text)["errors"], check(member, server, text)["errors"]

    assert codes(seen) == codes(hidden) == ["project_clash", "port_taken"]
    for name, one, without in zip((server.upper(), "other"), seen, hidden, strict=True):
        assert f"{name!r}" in one["message"]
        assert f"{name!r}" not in without["message"]


def test_only_an_owner_may_leave_the_snapshot_out_even_in_a_check(
    admin: APIClient, fake: FakeDocker, server: str
) -> None:
    body = {"yaml_content": compose_text(server), "skip_safety_check": True}
    answer = admin.post(f"/api/servers/{server}/compose/check", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "owner_needed")


def test_what_is_no_yaml_is_said_once_and_means_nothing(owner: APIClient, fake: FakeDocker, server: str) -> None:
    found = check(owner, server, "services: [")

    assert (codes(found["errors"]), found["derived"], found["warnings"]) == (["yaml"], None, [])


def test_a_finding_is_told_to_everybody_and_accepted_by_an_owner_alone(
    owner: APIClient, admin: APIClient, fake: FakeDocker, server: str
) -> None:
    text = compose_text(server).replace("    ports:", PRIVILEGED)

    told = check(admin, server, text)
    accepting = {"yaml_content": text, "accept_findings": ["privileged"]}
    refused = admin.post(f"/api/servers/{server}/compose/check", accepting, format="json")
    accepted = check(owner, server, text, accept_findings=["privileged"])

    assert [(one["code"], one["accepted"]) for one in told["findings"]] == [("privileged", False)]
    assert text.splitlines()[told["findings"][0]["line"] - 1].strip() == "privileged: true"
    assert (refused.status_code, refused.json()["code"]) == (403, "owner_needed")
    assert [(one["code"], one["accepted"]) for one in accepted["findings"]] == [("privileged", True)]
    assert not AcceptedFindings.objects.exists()


@pytest.mark.parametrize(("actions", "effect"), [([], "none"), (["up", "stop"], "recreate"), (["up"], "restart")])
def test_the_effect_is_what_saving_does_to_the_containers(
    owner: APIClient, fake: FakeDocker, server: str, actions: list[str], effect: str
) -> None:
    for action in actions:
        owner.post(f"/api/servers/{server}/operations", {"action": action}, format="json")

    assert check(owner, server, compose_text(server))["effect"] == effect


def test_a_version_that_is_gone_is_an_error(owner: APIClient, fake: FakeDocker, server: str) -> None:
    answer = owner.post(
        f"/api/servers/{server}/compose/check", {"yaml_content": compose_text(server)}, format="json",
        headers={"If-Match": '"another"'},
    )

    assert codes(answer.json()["errors"]) == ["file_changed"]


def test_without_an_engine_the_effect_is_not_known(owner: APIClient, fake: FakeDocker, server: str) -> None:
    fake.reachable = False

    found = check(owner, server, compose_text(server))

    assert found["effect"] is None
    assert "engine_unreachable" in codes(found["errors"])


def test_a_new_server_is_checked_by_text_or_by_parameters(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    by_parameters = check_new(owner, id="lobby", accept_eula=True, type="PAPER", version="1.16.1")
    by_text = check_new(owner, id="lobby", yaml_content=compose_text("lobby"))
    taken = check_new(owner, id=server, accept_eula=True)

    assert (by_parameters["errors"], by_parameters["effect"]) == ([], "none")
    assert by_parameters["derived"]["gameVersion"] == "1.16.1"
    assert by_parameters["diff"].startswith("--- nothing\n+++ new\n")
    assert codes(by_text["errors"]) == ["port_taken"]
    assert codes(taken["errors"]) == ["server_exists"]
    assert codes(check_new(owner, id="lobby", version="1.16.1")["errors"]) == ["invalid"]
    assert [one.name for one in server_path.iterdir()] == [server]


def test_nothing_is_written_and_nothing_is_started(
    owner: APIClient, fake: FakeDocker, server: str, server_path: Path
) -> None:
    owner.post(f"/api/servers/{server}/operations", {"action": "up"}, format="json")
    before = (tree(server_path), fake.find(f"mc-{server}").id, Operation.objects.count())

    check(owner, server, compose_text(server).replace("2G", "3G"))
    check_new(owner, id="lobby", accept_eula=True)

    assert (tree(server_path), fake.find(f"mc-{server}").id, Operation.objects.count()) == before
    assert not ComposeRevision.objects.exists()


def test_what_is_checked_clean_is_saved(owner: APIClient, fake: FakeDocker, server: str) -> None:
    text = compose_text(server).replace("2G", "3G")
    assert check(owner, server, text)["errors"] == []

    assert owner.post(f"/api/servers/{server}/compose", {"yaml_content": text}, format="json").status_code == 200


def test_a_difference_too_large_to_show_is_told_by_its_size(owner: APIClient, fake: FakeDocker, server: str) -> None:
    found = check(owner, server, compose_text(server) + "#\n#a\n" * 15_000)

    assert found["diff"].splitlines()[2:] == [
        "\\ diff_too_large: not all is shown of 0 lines removed and 30000 lines added."
    ]


def test_one_user_does_not_take_all_checks(
    owner: APIClient, admin: APIClient, fake: FakeDocker, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_turns", turns := FairTurns(2))
    monkeypatch.setattr(checking, "WAIT_S", 0.05)
    body = {"yaml_content": compose_text(server)}
    address = f"/api/servers/{server}/compose/check"
    with turns.turn(User.objects.get(username="adam").pk, wait_s=0):
        refused, new = admin.post(address, body, format="json"), admin.post("/api/servers/check", {}, format="json")
        found = owner.post(address, body, format="json")

    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_checks")
    assert new.status_code == 400
    assert found.status_code == 200
    assert admin.post(address, body, format="json").status_code == 200, "each gives its turn back"
