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
