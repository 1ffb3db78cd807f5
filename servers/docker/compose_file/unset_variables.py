"""Variables that Compose finds unset: mostly pieces of a secret whose ``$`` should have been ``$$``."""

import re
from collections.abc import Container, Iterator, Mapping

import yaml

from servers.docker.compose_file.output import shortened
from servers.docker.compose_file.yaml_text import Problem

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
# As Compose reads it: `$$` is a plain `$`; a name in braces may be followed by what to take when it is unset.
_REFERENCE = re.compile(rf"\$(?:\$|(?P<plain>{_NAME})|\{{(?P<braced>{_NAME})\}})")
_ASSIGNMENT = re.compile(rf"\s*(?:export\s+)?(?P<name>{_NAME})\s*[=:]\s*(?P<value>.*)")


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
            said = f"`${shortened(name)}` is read as a variable that is not set: write `$$`, or set it in .env."
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
