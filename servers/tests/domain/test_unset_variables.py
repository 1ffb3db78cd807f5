"""Variables that nobody sets: a warning with its line."""

import pytest

from servers.docker.compose_file.unset_variables import warnings_of_texts

SECRET = "Ab3cDeFgHiJk"
LINE = {
    "plain": f"      CF_API_KEY: $2a$10${SECRET}",
    "quoted": f'      CF_API_KEY: "$2a$10${SECRET}"',
    "single": f"      CF_API_KEY: '$2a$10${SECRET}'",
    "list": f"      - CF_API_KEY=$2a$10${SECRET}",
    "braces": f"      CF_API_KEY: x${{{SECRET}}}",
}
FINE = {
    "escaped": f"      CF_API_KEY: $$2a$$10$${SECRET}",
    "a comment": f"      # costs ${SECRET}",
    "set in .env": "      VERSION: $VERSION",
    "with a default": f"      VERSION: ${{{SECRET}:-1.20.1}}",
    "of the panel": "      HOME: ${HOME}",
}


def warnings(line: str, env_file: str = "VERSION=1\n") -> list[str]:
    text = f"services:\n  mc:\n    environment:\n{line}\n"
    return list(warnings_of_texts({"compose.yaml": text}, env_file=env_file, known={"HOME"}))


@pytest.mark.parametrize("spelled", LINE)
def test_an_unset_variable_is_a_warning_with_its_line(spelled: str) -> None:
    [warning] = warnings(LINE[spelled])

    assert warning.startswith("compose.yaml, line 4: `$Ab…` is read as a variable that is not set: write `$$`")
    assert SECRET not in warning


@pytest.mark.parametrize("spelled", FINE)
def test_what_is_meant_so_is_none(spelled: str) -> None:
    assert warnings(FINE[spelled]) == []


def test_the_env_file_is_read_alike() -> None:
    [warning] = warnings("", f"A=1\nB='${SECRET}'\nCF_API_KEY=$2a$10${SECRET}\nC=$A\n")

    assert warning.startswith(".env, line 3: `$Ab…` ")


def test_a_block_has_the_line_of_the_variable() -> None:
    [warning] = warnings(f"      PLUGINS: |\n        one\n        two ${SECRET}")

    assert warning.startswith("compose.yaml, line 6: ")
