"""The first owner, by the code of a link."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts import setup
from accounts.models import SetupCode, User, UserRole
from accounts.tests.conftest import PASSWORD, MakeUser

SETUP, ME = "/api/auth/setup", "/api/user/me"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


def ask(
    code: Any, username: str = "olga", password: str = PASSWORD, client: APIClient | None = None, **extra: Any
) -> Any:
    body = {"code": code, "username": username, "password": password}
    return (client or APIClient()).post(SETUP, body, format="json", **extra)


def test_the_code_makes_the_first_owner_and_signs_them_in() -> None:
    code, client = setup.new_code(), APIClient()

    answer = ask(code, client=client)

    assert (answer.status_code, answer.json()["user"]["role"], answer.json()["setup_needed"]) == (200, "owner", False)
    assert client.get(ME).json()["username"] == "olga"
    assert not SetupCode.objects.exists()


def test_it_works_once_and_never_after_an_owner_exists(make_user: MakeUser) -> None:
    code = setup.new_code()
    ask(code)

    assert (ask(code, "otto").status_code, ask("x", "otto").json()["code"]) == (410, "setup_done")
    assert setup.new_code() is None
    assert User.objects.count() == 1


def test_an_owner_made_otherwise_ends_it(make_user: MakeUser) -> None:
    code = setup.new_code()
    make_user("otto", UserRole.OWNER)

    assert ask(code).status_code == 410


def test_admins_alone_are_no_owner(make_user: MakeUser) -> None:
    make_user()

    assert ask(setup.new_code()).status_code == 200


def test_a_restart_makes_a_new_one_and_the_old_one_is_worthless() -> None:
    old, new = setup.new_code(), setup.new_code()

    assert old != new
    assert (ask(old).status_code, ask(old).json()["code"]) == (403, "wrong_setup_code")
    assert ask(new).status_code == 200


def test_the_code_has_128_bits_and_is_stored_hashed() -> None:
    code = setup.new_code()

    assert code is not None
    assert len(code) == 22  # 16 bytes in base 64
    assert code not in str(SetupCode.objects.values().get())


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("o", PASSWORD, "username"), ("system", PASSWORD, "username"), ("olga", "short", "password"),
        ("olga", "password", "password"),
    ],
)
def test_a_name_or_password_that_will_not_do_leaves_the_code_good(username: str, password: str, field: str) -> None:
    code = setup.new_code()

    answer = ask(code, username, password)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert ask(code).status_code == 200


def test_guesses_are_few_from_one_address_and_in_all() -> None:
    code = setup.new_code()

    own = [ask(f"guess-{n}").status_code for n in range(15)]
    spread = [ask(f"guess-{n}", REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(30)]

    assert own == [403] * 10 + [429] * 5
    assert spread == [403] * 10 + [429] * 20, "20 in all"
    assert User.objects.count() == 0
    assert ask(code, REMOTE_ADDR="198.51.100.7").status_code == 429


def test_pages_of_other_origins_make_no_owner() -> None:
    assert ask(setup.new_code(), HTTP_ORIGIN="http://localhost:3000").json()["code"] == "foreign_origin"
    assert User.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_becomes_owner() -> None:
    code = setup.new_code()

    def one(number: int) -> int:
        try:
            return int(ask(code, f"owner{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(one, range(4)))

    assert found == [200, 410, 410, 410]
    assert User.objects.count() == 1
