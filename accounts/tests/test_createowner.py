import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


def create(monkeypatch: pytest.MonkeyPatch, username: str | None, stdin: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    output = io.StringIO()
    name = ["--username", username] if username else []
    call_command("createowner", *name, "--password-stdin", stdout=output)
    return output.getvalue()


def test_an_owner_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    assert create(monkeypatch, "steve", "Cr33per-aw-man\r\nignored\n") == "steve is now an owner.\n"

    user = User.objects.get()
    assert user.is_owner
    assert user.check_password("Cr33per-aw-man")


@pytest.mark.parametrize(
    ("username", "password", "why"),
    [
        ("steve", "short", "too short"),
        ("steve", "", "too short"),
        ("steve", "password123", "too common"),
        ("steve-the-miner", "steve-the-miner", "similar"),
        ("st", "Cr33per-aw-man", "at least 3"),
        ("s" * 51, "Cr33per-aw-man", "at most 50"),
        ("ste\nve", "Cr33per-aw-man", "control characters"),
        ("System", "Cr33per-aw-man", "reserved"),
        (None, "Cr33per-aw-man", "needs --username"),
    ],
)
def test_what_is_refused_says_why(
    monkeypatch: pytest.MonkeyPatch, username: str | None, password: str, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        create(monkeypatch, username, f"{password}\n")

    assert not User.objects.exists()


def test_an_existing_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    create(monkeypatch, "steve", "Cr33per-aw-man\n")

    with pytest.raises(CommandError, match="taken"):
        create(monkeypatch, "steve", "An0ther-creeper\n")

    assert User.objects.get().check_password("Cr33per-aw-man")


def test_without_a_terminal_it_says_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())

    with pytest.raises(CommandError, match="no terminal"):
        call_command("createowner")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("again", "made"), [("Cr33per-aw-man", True), ("different", False)])
def test_on_a_terminal_it_asks(monkeypatch: pytest.MonkeyPatch, again: str, made: bool) -> None:
    answers = iter(["Cr33per-aw-man", again])
    monkeypatch.setattr("sys.stdin", Terminal("steve\n"))
    monkeypatch.setattr("accounts.management.commands.createowner.getpass", lambda _: next(answers))

    if made:
        call_command("createowner", stdout=io.StringIO())
    else:
        with pytest.raises(CommandError, match="differ"):
            call_command("createowner", stdout=io.StringIO())

    assert User.objects.exists() is made
