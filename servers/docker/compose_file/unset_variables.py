"""Variables that Compose finds unset: mostly pieces of a secret whose ``$`` should have been ``$$``.

Compose replaces ``$Ab3…`` of a value by nothing and prints the name, which is the secret's tail: such names are shown
by their first two characters only.
"""

import re
from collections.abc import Container, Iterator, Mapping

import yaml

from core.process import ProgramFailed
from core.redaction import REDACTED, without_login
from servers.docker.compose_file.yaml_text import Problem

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
# As Compose reads it: `$$` is a plain `$`; a name in braces may be followed by what to take when it is unset.
_REFERENCE = re.compile(rf"\$(?:\$|(?P<plain>{_NAME})|\{{(?P<braced>{_NAME})\}})")
_SAID = re.compile(rf'(?P<before>\\*"?)(?P<name>{_NAME})(?P<after>\\*"? variable is not set)')
_QUOTED = re.compile(r"(?<=invalid interpolation format for )(?P<where>[^:]*: ).*")
_ASSIGNMENT = re.compile(rf"\s*(?:export\s+)?(?P<name>{_NAME})\s*[=:]\s*(?P<value>.*)")


def masked(line: str) -> str:
    """Return a line that Compose prints without names of unset variables, values it complains of, and logins."""
    if "variable is not set" in line:
        line = _SAID.sub(lambda found: f"{found['before']}{_shortened(found['name'])}{found['after']}", line)
    return without_login(_QUOTED.sub(lambda found: found["where"] + REDACTED, line))


def masked_failure(error: ProgramFailed, program: str) -> ProgramFailed:
    """Return the failure with its output masked."""
    stderr = "\n".join(map(masked, error.stderr.splitlines()))
    return ProgramFailed(program, error.returncode, stderr, error.stdout)


def warnings_of_texts(texts: Mapping[str, str], *, env_file: str, known: Container[str]) -> Iterator[str]:
    """Yield what ``unset_variables`` does as sentences with the file and the line."""
    return map(str, unset_variables(texts, env_file=env_file, known=known))


def unset_variables(texts: Mapping[str, str], *, env_file: str, known: Container[str]) -> Iterator[Problem]:
    """Yield each reference to a variable that nobody sets; each names its file.

    Args:
        texts: compose files by name; what is no YAML says nothing.
        env_file: the text of the project's ``.env``, whose values are replaced alike.
        known: the variables of the panel's environment.
    """
    set_here: set[str] = set()
    for number, line in enumerate(env_file.splitlines(), 1):
        if (found := _ASSIGNMENT.match(line)) is None:
            continue
        if not found["value"].startswith("'"):
            yield from _sentences(".env", number, found["value"], known=known, also=set_here)
        set_here.add(found["name"])
    for name, text in texts.items():
        for number, value in _values(text):
            yield from _sentences(name, number, value, known=known, also=set_here)


def _sentences(file: str, number: int, value: str, *, known: Container[str], also: Container[str]) -> Iterator[Problem]:
    line, counted = number, 0
    for found in _REFERENCE.finditer(value):
        name = found["plain"] or found["braced"]
        if name and name not in known and name not in also:
            line, counted = line + value.count("\n", counted, found.start()), found.start()
            said = f"`${_shortened(name)}` is read as a variable that is not set: write `$$`, or set it in .env."
            yield Problem("unset_variable", said, line, file)


def _values(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each plain value; keys and comments are not replaced by Compose."""
    is_key = False
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.ScalarToken):
                if not is_key and "$" in token.value:
                    is_block = token.style in {"|", ">"}
                    yield token.start_mark.line + 1 + is_block, token.value
                is_key = False
            elif not isinstance(token, yaml.AnchorToken | yaml.TagToken):
                is_key = isinstance(token, yaml.KeyToken)
    except yaml.YAMLError:
        return


def _shortened(name: str) -> str:
    return f"{name[:2]}…"
