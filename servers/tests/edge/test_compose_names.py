"""What a compose file takes from elsewhere by a name that is not plain to see: variables of the panel, itself."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def codes(answer: object) -> list[str]:
    return [one["code"] for one in answer.json().get("findings", [])]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["${X:-HTTP_PROXY}", "HTTP_${X:-PROXY}", "${X+=}HTTP_PROXY", "$X"])
def test_the_name_of_a_variable_must_be_written_out(owner: APIClient, fake: FakeDocker, name: str) -> None:
    text = compose_text("x")
    start, end = text.index("    environment:"), text.index("    ports:")
    listed = f"{text[:start]}    environment: ['VERSION=1', '{name}']\n{text[end:]}"
    secret = f"{text}    secrets: [s]\nsecrets:\n  s: {{environment: '{name}'}}\n"

    for one in (listed, secret):
        answer = owner.post("/api/servers", {"id": "x", "yaml_content": one}, format="json")
        assert codes(answer) == ["panel_variable"], answer.json()


def test_a_panel_without_a_home_refuses_the_variable_too(
    owner: APIClient, fake: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    text = compose_text("x").replace("./data:/data", "'${HOME:+./data}/:/host'")  # `/` where there is none

    answer = owner.post("/api/servers", {"id": "x", "yaml_content": text}, format="json")

    assert codes(answer) == ["panel_variable"], answer.json()


def test_variables_passed_through_by_a_file_are_the_panels(
    owner: APIClient, fake: FakeDocker, server_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@proxy")
    write_server(server_path, "x", compose_text("x") + "    env_file: x.env\n")
    (server_path / "x" / "x.env").write_text("A=1\n  HTTP_PROXY  \n")

    answer = owner.post("/api/servers/x/operations", {"action": "up"}, format="json")

    assert codes(answer) == ["panel_variable"], answer.json()


def test_a_byte_order_mark_hides_no_variable(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    write_server(server_path, "x", compose_text("x"))
    (server_path / "x" / ".env").write_bytes(b"\xef\xbb\xbfCOMPOSE_PROFILES=a\n")

    answer = owner.post("/api/servers/x/operations", {"action": "up"}, format="json")

    assert codes(answer) == ["compose_variable"], answer.json()


@pytest.mark.parametrize(
    "line", ["label_file: compose.yaml", "env_file: ./compose.yaml", "extends: {file: compose.yaml, service: x}"]
)
def test_a_text_that_names_itself_is_not_judged_by_what_was_there_before(
    owner: APIClient, fake: FakeDocker, server: str, line: str
) -> None:
    text = f"{compose_text(server)}    {line}\n"

    answer = owner.post(f"/api/servers/{server}/compose", {"yaml_content": text}, format="json")

    assert codes(answer) == ["reference_to_itself"], answer.json()


def test_a_file_in_data_is_accepted_as_it_is(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    write_server(server_path, "x", compose_text("x") + "    env_file: data/x.env\n")
    path = server_path / "x" / "data" / "x.env"
    path.write_text("A=1\n")
    url, body = "/api/servers/x/operations", {"action": "up"}
    accepted = owner.post(url, body | {"accept_findings": ["reference_in_data"]}, format="json")
    assert accepted.status_code == 200, accepted.json()
    assert owner.post(url, body, format="json").status_code == 200

    path.write_text("A=2\n")
    assert codes(owner.post(url, body, format="json")) == ["reference_in_data"]
    path.unlink()
    path.symlink_to("/etc/passwd")
    answer = owner.post(url, body | {"accept_findings": ["reference_in_data"]}, format="json")
    assert codes(answer) == ["reference_not_regular"], answer.json()


def test_what_is_included_from_data_is_checked_too(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    write_server(server_path, "x", compose_text("x") + "include: [data/i.yaml]\n")
    (server_path / "x" / "data" / "i.yaml").write_text("services: {o: {image: x, env_file: /etc/shadow}}\n")

    answer = owner.post("/api/servers/x/operations", {"action": "up"}, format="json")

    assert set(codes(answer)) == {"reference_in_data", "reference_not_plain"}, answer.json()
