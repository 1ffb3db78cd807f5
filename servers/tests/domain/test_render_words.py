# ruff: noqa: E501 - what Compose prints
"""What Compose complains of is told with the key or the variable, never with a value."""

import pytest

from servers.docker.compose_file import render

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"error while interpolating services.mc.environment.VERSION: required variable MC_VERSION is missing a value: {SECRET}",
         "services.mc.environment.VERSION: required variable MC_VERSION is missing a value"),
        (f"decoding failed due to the following error(s):\n\n'services[mc].stop_grace_period' time: missing unit in duration \"{SECRET}\"",
         "services[mc].stop_grace_period missing unit in duration"),
        (f"'services[mc].mem_limit' invalid size: '{SECRET}'", "services[mc].mem_limit invalid size"),
        ("'services[mc].environment' environment variable EULA  is declared with a trailing space",
         "services[mc].environment environment variable EULA is declared with a trailing space"),
        (f"invalid interpolation format for services.mc.image.\nYou may need to escape any $ with another $.\n${{{SECRET}",
         "invalid interpolation format for services.mc.image"),
        (f'error while interpolating services.mc.cpus: failed to cast to expected type: parsing "{SECRET}"',
         "services.mc.cpus: failed to cast to expected type"),
        (f"validating /x/compose.yaml: services.mc.container_name '{SECRET}' does not match pattern '[a-z]'",
         "services.mc.container_name does not match"),
    ],
)
def test_the_key_or_variable_is_named_and_no_value(said: str, told: str) -> None:
    found = render._reason(said)

    assert told in found
    assert SECRET not in found


def test_what_could_quote_contents_is_not_told() -> None:
    assert SECRET not in render._reason(f"unexpected thing: {SECRET}")
