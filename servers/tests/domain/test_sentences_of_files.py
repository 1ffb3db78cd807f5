"""What is said of a compose file names the key, the line and the service, and no value that could be a secret."""

from pathlib import Path

import pytest

from servers.docker.compose_file.quoting import quoted
from servers.docker.compose_file.yaml_text import BadComposeFile
from servers.docker.policy.rendered_policy import check_rendered
from servers.docker.policy.source_policy import check_source

CANARY = "hunter2canary"
SERVICE = "services:\n  mc:\n    image: itzg/minecraft-server\n"
# The spelling: what a sentence says all the same.
SPELLINGS = {
    SERVICE + f"    environment: {{RCON_PASSWORD: !{CANARY} x}}\n": "line 4",
    SERVICE + f"    environment: {{RCON_PASSWORD: !x {CANARY}}}\n": "line 4",
    SERVICE + f"    environment: {{RCON_PASSWORD: *{CANARY}}}\n": "line 4",
    SERVICE + f"    environment: &{CANARY} {{RCON_PASSWORD: *{CANARY}}}\n": "line 4",
    SERVICE + f"    environment:\n      - KEY$HOME={CANARY}\n": "`KEY$HOME…`",
    SERVICE + f"    environment:\n      - pa$${CANARY}\n": "line 4: A name with `$`",
    SERVICE + f"    environment:\n      - HOME: ${{HOME:-{CANARY}}}\n": "$HOME",
    SERVICE + f"    environment:\n      - ${{X:-{CANARY}}}\n": "${X",
    SERVICE + f"    environment:\n      - KEY=${{HOME:-{CANARY}}}\n": "$HOME",
    SERVICE + f'    environment:\n      - "KEY:{CANARY}$$x"\n': "`KEY…`",
    SERVICE + f"    env_file: ../a=b{CANARY}\n": "`../a=",
    SERVICE + f"    env_file: https://user:{CANARY}@host/x.env\n": "host/x.env",
    SERVICE + f"    env_file: https://{CANARY}@host/x.env\n": "https://***@host/x.env",
    SERVICE + f"    env_file: user:{CANARY}@host/x.env\n": "host/x.env",
    SERVICE + f"    env_file: ${{FILE:-{CANARY}}}\n": "${FILE:-",
    SERVICE + f"    env_file: |\n      KEY=..\n      OTHER={CANARY}\n": "`KEY=",
    SERVICE + f"    build: https://user:{CANARY}@host/x.git\n": "line 4",
    f"'https://user:{CANARY}@host': 1\n" + SERVICE: "https://***@host",
    SERVICE + f"    'PASSWORD={CANARY}': 1\n": "line 4: `PASSWORD=",
    f"include: ['https://user:{CANARY}@host/x.git']\n" + SERVICE: "host/x.git",
    f"include: ['https://user:{'p' * 90}{CANARY}@host/x.git']\n" + SERVICE: "host/x.git",
    f"include: ['git@host:x.git?token={CANARY}']\n" + SERVICE: "host:x.git",
    SERVICE + f"secrets: {{a: {{environment: '$X{CANARY}'}}}}\n": "line 4",
    SERVICE + f"secrets: {{a: {{environment: 'X{CANARY}${{Y}}', external: true}}}}\n": "secret must be",
    SERVICE + f"configs: {{a: {{content: {CANARY}, driver: x}}}}\n": "config",
}


def _said(text: str) -> str:
    try:
        report = check_source({"compose.yaml": text.encode()}, root=None, panel_variables=frozenset({"HOME"}))
    except BadComposeFile as error:
        return str(error)
    return " ".join(map(str, report.findings))


@pytest.mark.parametrize("text", SPELLINGS)
def test_no_sentence_on_a_text_has_its_values(text: str) -> None:
    said = _said(text)

    assert SPELLINGS[text] in said
    assert CANARY not in said


@pytest.mark.parametrize("login", ["user:{}@registry.host", "https://user:{}@registry.host"])
def test_an_image_that_is_not_allowed_is_named_without_its_login(login: str) -> None:
    image = login.format(CANARY) + "/image:tag@sha256:00"
    source = check_source({"compose.yaml": SERVICE.encode()}, root=None, panel_variables=frozenset())
    config = {"name": "mc", "services": {"mc": {"image": image}}}

    said = " ".join(map(str, check_rendered(config, source, directory=Path("/srv/mc"), is_allowed=lambda _: False)))

    assert "registry.host/image:tag@sha256:00" in said
    assert CANARY not in said


def test_what_is_no_login_is_quoted_whole() -> None:
    for text in ("image:tag@sha256:00", "host:5000/image:tag", "./a@b.env", "git@host:x.git"):
        assert quoted(text) == f"`{text}`"
