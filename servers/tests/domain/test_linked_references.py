"""Files that a compose file leads to are never reached through a link, wherever it leads: a plugin may change it."""

from pathlib import Path

import pytest

from core.paths import Root
from servers.docker.policy.source_policy import check_source

OTHER = "services: {mc: {image: itzg/minecraft-server}}\n"
REFERENCES = {
    "env_file": "services: {{mc: {{image: i, env_file: {0}}}}}",
    "env_file in a list": "services: {{mc: {{image: i, env_file: [{{path: {0}}}]}}}}",
    "label_file": "services: {{mc: {{image: i, label_file: [{0}]}}}}",
    "extends": "services: {{mc: {{extends: {{file: {0}, service: mc}}}}}}",
    "include": "include: [{0}]\nservices: {{mc: {{image: i}}}}",
    "config": "configs: {{one: {{file: {0}}}}}\nservices: {{mc: {{image: i}}}}",
    "secret": "secrets: {{one: {{file: {0}}}}}\nservices: {{mc: {{image: i}}}}",
}
LINKS = {
    "to a file beside it": ("named", "real"),
    "into the game's files": ("named", "data/real"),
    "absolute, to a file beside it": ("named", "{home}/real"),
    "out of the server": ("named", "../outside"),
    "in the middle": ("folder/real", "data"),
    "to the folder itself": ("folder/real", "."),
}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("reference", REFERENCES)
def test_no_reference_goes_through_a_link(tmp_path: Path, reference: str, link: str) -> None:
    home = tmp_path / "lobby"
    (home / "data").mkdir(parents=True)
    for file in (home / "real", home / "data/real", tmp_path / "outside"):
        file.write_text(OTHER)
    named, target = LINKS[link]
    (home / named.partition("/")[0]).symlink_to(target.format(home=home))
    text = REFERENCES[reference].format(named)

    with Root(home) as root:
        report = check_source({"compose.yaml": text.encode()}, root=root, panel_variables=frozenset())

    assert "reference_not_regular" in {one.code for one in report.findings}
    assert OTHER.encode() not in report.inputs.values()


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_to_the_file_itself_is_read(tmp_path: Path, reference: str) -> None:
    """Else the table above would pass whatever is read."""
    (tmp_path / "real").write_text(OTHER)
    text = REFERENCES[reference].format("real")

    with Root(tmp_path) as root:
        report = check_source({"compose.yaml": text.encode()}, root=root, panel_variables=frozenset())

    assert "reference_not_regular" not in {one.code for one in report.findings}
    assert report.inputs["real"] == OTHER.encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [("COMPOSE_FILE=/etc/x.yaml\n", "compose_variable"), ("DOCKER_HOST=tcp://x\n", "compose_variable"),
     ("A=$SECRET\n", "panel_variable"), ("SECRET\n", "panel_variable")],
)
@pytest.mark.parametrize("reference", ["extends", "include"])
@pytest.mark.parametrize("place", ["", "below", "below/deeper"])
def test_the_variables_beside_a_file_that_is_led_to_are_checked(
    tmp_path: Path, place: str, reference: str, content: str, code: str
) -> None:
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / place / "real").write_text(OTHER)
    (tmp_path / place / ".env").write_text(content)
    text = REFERENCES[reference].format(f"{place}/real".lstrip("/"))

    with Root(tmp_path) as root:
        report = check_source({"compose.yaml": text.encode()}, root=root, panel_variables=frozenset({"SECRET"}))

    assert code in {one.code for one in report.findings}
    assert report.inputs[f"{place}/.env".lstrip("/")] == content.encode()


def test_the_variables_beside_a_file_are_no_link(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/real").write_text(OTHER)
    (tmp_path / "below/.env").symlink_to("/etc/shadow")

    with Root(tmp_path) as root:
        report = check_source({"compose.yaml": b"include: [below/real]"}, root=root, panel_variables=frozenset())

    assert "reference_not_regular" in {one.code for one in report.findings}
