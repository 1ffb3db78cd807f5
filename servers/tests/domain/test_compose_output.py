"""What Compose prints of a file that it cannot read: where it is wrong, and no value of it."""

import pytest

from core.process import ProgramFailed
from servers.docker.compose_file.output import Masking, masked_failure

SECRET = "Ab3cDeFgHiJk"
PRINTED = {
    "an unset variable, logged": (
        f'time="2026-11-28T16:00:00Z" msg="The \\"{SECRET}\\" variable is not set. Defaulting to a blank string."',
        "variable is not set",
    ),
    "an unset variable, coloured": (
        f'WARN[0000] The "{SECRET}" variable is not set. Defaulting to a blank string.', "variable is not set"
    ),
    "an unset variable, bare": (f"The {SECRET} variable is not set.", "variable is not set"),
    "an interpolation on one line": (
        f'invalid interpolation format for services.mc.environment.CF_API_KEY: "$2a$10${{{SECRET}". You may',
        "services.mc.environment.CF_API_KEY",
    ),
    "an interpolation, its value below": (
        f"invalid interpolation format for services.mc.environment.A.\nYou may need to escape any $\nb\n${{{SECRET}",
        "services.mc.environment.A.\nYou may need to escape any $",
    ),
    "a name in a file of variables": (
        f'failed to read /srv/x/.env: line 1: unexpected character "!" in variable name "{SECRET}!x=x"', "line 1"
    ),
    "a line without a name": (
        f'failed to read /srv/x/.env: line 2: unexpected character "\\n" in variable name near "{SECRET}\\n"', "line 2"
    ),
    "a quote that does not end": (
        f"failed to read /srv/x/.env: line 2: unterminated quoted value '{SECRET} and more", "line 2"
    ),
    "a template in a file of variables": (
        f'failed to read /srv/x/.env: Invalid template: "${{{SECRET}"', "/srv/x/.env"
    ),
    "an alias": (
        f"failed to parse compose.yml: go-yaml load error in composer at L5.C10: unknown anchor '{SECRET}' referenced",
        "L5.C10",
    ),
    "a message of a required variable": (
        f"services.mc.environment.A: required variable B is missing a value: {SECRET}", "required variable B"
    ),
    "a boolean": (
        f"services.mc.privileged: failed to cast to expected type: invalid boolean: {SECRET}", "services.mc.privileged"
    ),
    "a number": (
        f'services.mc.cpus: failed to cast to expected type: strconv.ParseFloat: parsing "{SECRET}": invalid syntax',
        "services.mc.cpus",
    ),
    "a duration": (
        f"'services[mc].stop_grace_period' time: invalid duration \"{SECRET}\"", "services[mc].stop_grace_period"
    ),
    "a port": (f"invalid hostPort: {SECRET}", "invalid hostPort"),
    "a login of a registry": (
        f"unable to get 'user:{SECRET}@reg.example/x': no such: user:{SECRET}@reg.example/x: invalid reference format",
        "unable to get '***@reg.example/x': no such: ***@reg.example/x: invalid reference format",
    ),
    "a login with a scheme": (f"fetching https://user:{SECRET}@git.example/x.git", "git.example/x.git"),
}


def shown(text: str) -> str:
    return "\n".join(map(Masking(), text.splitlines()))


@pytest.mark.parametrize("printed", PRINTED)
def test_no_piece_of_a_secret_is_printed(printed: str) -> None:
    text, place = PRINTED[printed]
    failure = masked_failure(ProgramFailed("docker-compose", 1, text), "docker-compose")

    assert SECRET not in shown(text) + failure.stderr + str(failure)
    assert place in shown(text)


@pytest.mark.parametrize(
    "line",
    [
        " Container mc-lobby  Started",
        " mc Pulling",
        "no such image: Reg/x:a: invalid reference format: repository name must be lowercase",
        "no such image: itzg/minecraft-server:java21@sha256:0123456789abcdef",
        "Error response from daemon: driver failed programming external connectivity: port is already allocated",
        "Bind for 0.0.0.0:25565 failed: port is already allocated",
    ],
)
def test_other_lines_stay(line: str) -> None:
    assert shown(line) == line
