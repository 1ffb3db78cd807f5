"""Compose texts that a server had: numbered, each once in a row, and those of an earlier server apart."""

import pytest

from servers.models import ComposeRevision, Incarnation
from servers.records import revisions

pytestmark = pytest.mark.django_db


def add(text: str, server_id: str = "lobby") -> int:
    return revisions.add(server_id, text, username="olga", message="why")


def another_server_of_the_id() -> None:
    Incarnation.objects.update_or_create(server_id="lobby", defaults={"number": 2, "highest": 2})


def shown(*, of_all: bool = False) -> list[tuple[int, str]]:
    return [(row.number, diff) for row, diff in revisions.listed("lobby", of_all=of_all)]


def test_the_same_text_again_is_no_new_revision_but_an_earlier_one_is() -> None:
    assert [add("a"), add("a"), add("b"), add("a")] == [1, 1, 2, 3]
    assert add("a", "survival") == 1, "each server counts from 1"


def test_the_same_text_of_another_server_of_the_id_is_a_revision_of_its_own() -> None:
    add("a")
    another_server_of_the_id()

    assert [add("a"), add("a")] == [2, 2]


def test_long_names_and_messages_are_cut_and_the_text_is_not() -> None:
    revisions.add("lobby", "x" * 100_000, username="u" * 80, message="m" * 900)

    row = revisions.read("lobby", 1)
    assert (len(row.username), len(row.message), len(row.yaml_content)) == (50, 500, 100_000)


@pytest.mark.parametrize(("server_id", "number"), [("lobby", 0), ("lobby", 2), ("survival", 1)])
def test_a_number_that_the_server_has_not_is_not_found(server_id: str, number: int) -> None:
    add("a")

    with pytest.raises(revisions.RevisionNotFound, match=f"{server_id} has no revision {number}"):
        revisions.read(server_id, number)


def test_the_texts_of_an_earlier_server_are_not_read_nor_compared_with() -> None:
    add("a\n")
    another_server_of_the_id()
    add("b\n")

    with pytest.raises(revisions.RevisionNotFound):
        revisions.read("lobby", 1)
    mine = (2, "--- nothing\n+++ revision 2\n@@ -0,0 +1 @@\n+b")
    assert shown() == [mine]
    assert shown(of_all=True) == [mine, (1, "--- nothing\n+++ revision 1\n@@ -0,0 +1 @@\n+a")]


def test_each_is_compared_with_the_one_before() -> None:
    add("a\n"), add("b\n")

    assert shown() == [
        (2, "--- revision 1\n+++ revision 2\n@@ -1 +1 @@\n-a\n+b"),
        (1, "--- nothing\n+++ revision 1\n@@ -0,0 +1 @@\n+a"),
    ]


def test_the_last_that_is_listed_is_compared_with_one_that_is_not() -> None:
    for number in range(revisions.MAX_LISTED + 2):
        add(f"{number}\n")

    found = shown()
    assert [number for number, _ in found] == list(range(revisions.MAX_LISTED + 2, 2, -1))
    assert found[-1][1].startswith("--- revision 2\n")


def test_a_server_without_revisions_has_an_empty_list() -> None:
    add("a", "survival")

    assert shown() == []
    assert ComposeRevision.objects.count() == 1
