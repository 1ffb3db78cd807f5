"""Plain values to their edges: what is read from a compose file, what a container gets, and what is written again."""

from typing import Any

import pytest
import yaml

from servers.docker.compose_file.scalars import ComposeDumper, text_of
from servers.docker.compose_file.yaml_text import parse_yaml


def read(written: str) -> Any:
    return parse_yaml(f"a: {written}").value["a"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0", 0), ("00", 0), ("-0", 0), ("+7", 7), ("-7", -7), ("007", 7), ("-010", -8), ("08", 8), ("0189", 189),
        ("0b101", 5), ("0B11", 3), ("-0b11", -3), ("0O17", 15), ("0x1F", 31), ("0XfF", 255), ("-0x10", -16),
        ("1_2_3", 123), ("0x1_0", 16),
        (str(2**64 - 1), 2**64 - 1), (str(2**64), float(2**64)), (str(-(2**63)), -(2**63)),
        (str(-(2**63) - 1), float(-(2**63) - 1)),
        ("9" * 64, float("9" * 64)), ("9" * 65, "9" * 65),
        (".5", 0.5), ("1.", 1.0), ("-1.5", -1.5), ("+1.5", 1.5), ("1_0.5", 10.5), ("1e3", 1000.0), ("1E-3", 0.001),
        ("1.5e+3", 1500.0), ("1e999", "1e999"), ("-1e999", "-1e999"), ("1.5.0", "1.5.0"),
        ("1." + "5" * 63, "1." + "5" * 63),
        ("0b2", "0b2"), ("0xg", "0xg"), ("0o8", "0o8"), ("_1", "_1"), ("1-2", "1-2"), ("e3", "e3"), ("1e", "1e"),
        (".", "."), (".nan", ".nan"), ("-.inf", "-.inf"), ("1:30", "1:30"),
        ("True", True), ("TRUE", True), ("False", False), ("FALSE", False), ("tRUE", "tRUE"), ("on", "on"),
        ("no", "no"),
        ("y", "y"), ("truely", "truely"),
        ("null", None), ("Null", None), ("NULL", None), ("", None), ("nULL", "nULL"), ("nullx", "nullx"),
        ("2024-01-01 10:00:00", "2024-01-01 10:00:00"),
    ],
)
def test_a_plain_value_has_the_kind_that_compose_gives_it(written: str, meant: object) -> None:
    value = read(written)

    assert (value, type(value)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), ("", ""), ("yes", "yes"), (True, "true"), (False, "false"), (0, "0"), (-5, "-5"),
        (2**64, str(2**64)),
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (1.2, "1.2"), (-1.2, "-1.2"), (100000.0, "100000"), (123456.7, "123456.7"),
        (999999.0, "999999"), (1000000.0, "1e+06"), (1234567.0, "1.234567e+06"), (-2000000.0, "-2e+06"),
        (0.0001, "0.0001"), (0.00001, "1e-05"), (0.000012, "1.2e-05"), (1e100, "1e+100"), (1.5e-300, "1.5e-300"),
        (float(2**64), "1.8446744073709552e+19"), (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_a_container_gets_a_value_with_the_fewest_digits_that_tell_it(value: Any, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    "text",
    [
        "true", "False", "~", "null", "", "1", "007", "0b1", "0o7", "0x1f", "1_0", "1.5", ".5", "1e3", "<<", "yes",
        "22:22",
        "2024-01-01", "a: b", "- a", "# a", " a ", "a\nb", "é", "*a", "&a", "!a", "%a", "@a", "'a'", '"a"', "=",
    ],
)
def test_a_text_that_is_written_is_read_as_the_same_text(text: str) -> None:
    written = yaml.dump({"a": text}, Dumper=ComposeDumper, allow_unicode=True)

    assert parse_yaml(written).value == {"a": text}
    assert yaml.safe_load(written)["a"] == text or text in {"<<", "="}


@pytest.mark.parametrize("text", ["true", "FALSE", "~", "Null", "1", "007", "0x1f", "1.5", "1e3"])
def test_a_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    assert yaml.dump([text], Dumper=ComposeDumper) == f"- '{text}'\n"
