"""Secrets that are written and never read back, and operations that nobody can cancel any more."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from servers.models import Operation
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ["rcon.password", "management-server-secret", "management-server-tls-keystore-password"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_property_is_masked_and_its_mask_keeps_it(
    owner: APIClient, fake: FakeDocker, server: str, data: Path, name: str
) -> None:
    file, address = data / "server.properties", f"/api/servers/{server}/properties"
    file.write_text(f"{name}=h1dden-value\nmotd=one\n")

    assert owner.get(address).json()["properties"] == {name: "***", "motd": "one"}
    kept = owner.put(address, {"properties": {name: "***", "motd": "two"}}, format="json")
    assert kept.json()["properties"] == {name: "***", "motd": "two"}
    assert file.read_text() == f"{name}=h1dden-value\nmotd=two\n"
    owner.put(address, {"properties": {name: "another"}}, format="json")
    assert f"{name}=another\n" in file.read_text()


HIDDEN = "https://bob:h1dden-value@example.org/pack.zip"
SHOWN = "https://***@example.org/pack.zip"


def test_who_signs_in_at_an_address_is_masked_and_its_mask_keeps_it(
    owner: APIClient, fake: FakeDocker, server: str, data: Path
) -> None:
    file, address = data / "server.properties", f"/api/servers/{server}/properties"
    file.write_text(f"resource-pack={HIDDEN}\nmotd=one\n")

    read = owner.get(address).json()["properties"]
    assert read == {"resource-pack": SHOWN, "motd": "one"}
    kept = owner.put(address, {"properties": read | {"motd": "two"}}, format="json")
    assert kept.json()["properties"] == {"resource-pack": SHOWN, "motd": "two"}
    assert file.read_text() == f"resource-pack={HIDDEN}\nmotd=two\n"
    owner.put(address, {"properties": {"resource-pack": "https://eve:other@example.org"}}, format="json")
    assert file.read_text() == "resource-pack=https://eve:other@example.org\nmotd=two\n"
    owner.put(address, {"properties": {"resource-pack": None}}, format="json")
    assert file.read_text() == "motd=two\n"


@pytest.mark.parametrize(
    "sent", ["https://***@example.org/new.zip", "https://***@evil.example/pack.zip", "see https%3A%2F%2F***%40x.org"]
)
def test_the_mask_of_an_address_is_never_written_in_its_place(
    owner: APIClient, fake: FakeDocker, server: str, data: Path, sent: str
) -> None:
    file, address = data / "server.properties", f"/api/servers/{server}/properties"
    file.write_text(f"resource-pack={HIDDEN}\nodd=http://***@example.org\n")

    answer = owner.put(address, {"properties": {"resource-pack": sent, "motd": "two"}}, format="json")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["resource-pack"])
    assert file.read_text() == f"resource-pack={HIDDEN}\nodd=http://***@example.org\n"
    everything = owner.get(address).json()["properties"]
    assert owner.put(address, {"properties": everything}, format="json").status_code == 200
    assert file.read_text() == f"resource-pack={HIDDEN}\nodd=http://***@example.org\n"


def test_the_environment_shows_nobody_who_signs_in_at_an_address(
    owner: APIClient, fake: FakeDocker, server: str, data: Path
) -> None:
    file = data.parent / "compose.yaml"
    file.write_text(file.read_text().replace("TYPE: PAPER", f"TYPE: PAPER\n      RESOURCE_PACK: {HIDDEN}"))

    assert owner.get(f"/api/servers/{server}").json()["environment"]["RESOURCE_PACK"] == SHOWN


def test_an_operation_says_nobody_who_signs_in_at_an_address(
    owner: APIClient, fake: FakeDocker, server: str, data: Path
) -> None:
    fake.refusals["pull"] = f'unable to fetch "{HIDDEN}": not found'

    answer = owner.post(f"/api/servers/{server}/operations", {"action": "pull"}, format="json")

    assert answer.status_code >= 400
    [kept] = Operation.objects.all()
    assert (SHOWN in kept.output, SHOWN in kept.error, SHOWN in answer.content.decode()) == (True, True, True)
    assert "h1dden-value" not in f"{vars(kept)}{answer.content.decode()}"


def test_an_ended_operation_cannot_be_cancelled(owner: APIClient, fake: FakeDocker, server: str) -> None:
    ended = {"kind": "pull", "started_by": "x", "origin": "api", "can_cancel": True, "server_id": server}
    for state, wanted in (("running", True), ("succeeded", False), ("failed", False), ("cancelled", False)):
        one = Operation.objects.create(**ended, state=state, started_at="2026-11-28T12:00:00Z")
        assert owner.get(f"/api/operations/{one.pk}").json()["canCancel"] is wanted


def test_the_detail_warns_of_a_secret_that_is_cut(
    owner: APIClient, fake: FakeDocker, server: str, data: Path
) -> None:
    file = data.parent / "compose.yaml"
    file.write_text(file.read_text().replace("not-a-secret", '"$2a$10$Ab3cDeFgHiJk"'))

    answer = owner.get(f"/api/servers/{server}")
    assert [one for one in answer.json()["warnings"] if "`$Ab…` is read as a variable" in one]
    assert b"Ab3cDeFgHiJk" not in answer.content
