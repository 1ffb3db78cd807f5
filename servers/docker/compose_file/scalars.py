"""Plain YAML values as Docker Compose reads and writes them, which is neither YAML 1.1 nor quite 1.2.

Python's loader would read ``yes`` as true, ``22:22`` as 1342 and ``08`` as a text; Compose reads a text, a text and 8.
What a container gets in its environment follows Compose, so we do too.

Source: ``docker compose config`` of Compose 5.6.1, asked with each of these spellings.
"""

import math
import re
from decimal import Decimal
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
# Longer digits are left as text: turning 250,000 of them into a number takes seconds.
_INT = re.compile(
    r"(?=.{1,64}\Z)[-+]?(?:0[bB][01][01_]*|0[oO][0-7][0-7_]*|0[xX][0-9a-fA-F][0-9a-fA-F_]*|[0-9][0-9_]*)\Z"
)
_FLOAT = re.compile(
    r"(?=.{1,64}\Z)[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*\.[0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9][0-9_]*)?\Z"
)
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_MERGE = re.compile(r"<<\Z")
_BASES = {"b": 2, "o": 8, "x": 16}
_SMALLEST_INT, _LARGEST_INT = -(2**63), 2**64 - 1
_PLAIN_EXPONENTS = range(-4, 6)


class ComposeLoader(yaml.CSafeLoader):
    """The safe C loader with Compose's idea of what a plain value is; dates stay text."""

    yaml_implicit_resolvers = {}


class ComposeDumper(yaml.SafeDumper):
    """Quotes every text that either Compose or another YAML reader would take for something else."""


_DIGITS = list("-+0123456789")
_KINDS: list[tuple[str, re.Pattern[str], list[str]]] = [
    ("bool", _BOOL, list("tTfF")),
    ("null", _NULL, ["~", "n", "N", ""]),
    ("int", _INT, _DIGITS),
    ("float", _FLOAT, [*_DIGITS, "."]),
    ("merge", _MERGE, ["<"]),
]


_MOST_DIGITS = 256  # a float holds a number of so many


def _int(loader: Any, node: Any) -> int | float | str:
    text: str = loader.construct_scalar(node).replace("_", "")
    if len(text) > _MOST_DIGITS:  # no number of anything; Python refuses to read one of 4,300 digits
        return text
    sign, digits = (-1 if text[0] == "-" else 1), text.lstrip("+-").lower()
    if digits[:1] == "0" and digits[1:2] in _BASES:
        number = int(digits[2:], _BASES[digits[1]])
    elif digits[0] == "0" and not set(digits) - set("01234567"):
        number = int(digits, 8)
    else:
        number = int(digits)
    number *= sign
    return number if _SMALLEST_INT <= number <= _LARGEST_INT else float(number)


def _float(loader: Any, node: Any) -> float | str:
    text: str = loader.construct_scalar(node)
    number = float(text.replace("_", ""))
    return number if math.isfinite(number) else text


for _kind, _pattern, _first in _KINDS:
    ComposeLoader.add_implicit_resolver(_TAG + _kind, _pattern, _first)
    if _kind != "merge":
        ComposeDumper.add_implicit_resolver(_TAG + _kind, _pattern, _first)
ComposeLoader.add_constructor(_TAG + "int", _int)
ComposeLoader.add_constructor(_TAG + "float", _float)


def text_of(value: str | float | None) -> str | None:
    """Write a value as the container gets it: 1.20 without quotes is ``1.2``, true is ``true``; None stays None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return None if value is None else str(value)


def _float_text(number: float) -> str:
    """Write a number with the fewest digits that tell it, and an exponent from a million on."""
    if not number:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    power = len(digits) - 1 + int(exponent)
    if power in _PLAIN_EXPONENTS:
        return f"{Decimal(repr(number)).normalize():f}"
    figures = "".join(map(str, digits))
    mantissa = figures if len(figures) == 1 else f"{figures[0]}.{figures[1:]}"
    return f"{'-' if sign else ''}{mantissa}e{power:+03d}"
