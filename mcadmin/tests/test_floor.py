from collections import Counter

from testing.floor import FLOOR_FILE, below, parse_floor


def test_too_few_tests_of_a_mark_are_told() -> None:
    assert below({"docker": 2, "restic": 1}, Counter(docker=1, restic=1)) == [
        "docker: 1 tests ran and passed, at least 2 must"
    ]


def test_the_floor_can_be_read() -> None:
    assert parse_floor(FLOOR_FILE.read_text())["docker"] > 0
