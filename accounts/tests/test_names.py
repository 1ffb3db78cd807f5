"""A new name passes for nobody else's; names that are there already stay good."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from rest_framework.test import APIClient

from accounts import invitations, names, tokens
from accounts.models import User, UserRole
from accounts.tests.conftest import PASSWORD, MakeUser

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "an0ther-horse"

REFUSED = {
    "Olga": "taken", "OLGA": "taken", "olga": "taken", "\uff4f\uff4c\uff47\uff41": "taken", "STRASSE": "taken",
    "olga\ufe0f": "nobody sees", "ol\u3164ga": "nobody sees",
    "\u043elga": "one script", "olg\u0430": "one script", "s\u0443stem": "reserved", "\u03bflga": "one script",
    "\ua4e1\ua4f2\ua4d6\ua4ee": "everyday use", "\u13aa\u13de\u13c0\u13aa": "everyday use",
    "DJ \u043elga": "one script",
    "\u1d0f\u029f\u0262\u1d00": "taken", "o\u0338lga": "taken", "olga\u20dd": "taken",
    "\u0456\u0441\u0435": "taken", "\u0406\u0421\u0415": "taken", "\u0131ce": "taken",
    "\u0131\u0441\u0435": "one script", "ol\U0001d159ga": "nobody sees", "\ufe0folga": "nobody sees",
    "schedule 3": "reserved", "Schedule 12": "reserved", "schedule #3": "reserved", "schedule\u00a03": "reserved",
    "key ab12cd34": "reserved", "KEY: AB12CD34": "reserved", "System": "reserved", "ANONYMOUS": "reserved",
    "sys-tem": "reserved", "s.y.s.t.e.m": "reserved", "(system)": "reserved", "_system_": "reserved",
    "\u0455\u0443\u0455tem": "reserved", "s\u028fstem": "reserved",
    "scheduIe 3": "reserved", "schedule 3.": "reserved", "(schedule 3)": "reserved", "key ab12cd34.": "reserved",
    "j\u2010l": "taken", "j\u2013l": "taken", "o\u2019neil": "taken", "mr  x": "taken", "mr\u00a0x": "taken",
    "oIga": "taken", "olga.": "taken", "_olga_": "taken", "\u042c\u043e\u044c": "taken",
}
ALLOWED = [
    "olga2", "ольга", "Όλγα", "オルガです", "山田たろう", "김철수", "key-keeper", "keyser", "scheduler", "Olga B.",
    "ol-ga", "1234", "ka\u02bbiu", "olgá", "Key Largo", "Schedule Bot", "Tokyo東京", "DJ Юлия", "Юлий2 (RU)",
    "\u2764\ufe0ffan", "system admin", "Nguyễn Văn", "Ọ́lá",
]


@pytest.fixture(autouse=True)
def owner(make_user: MakeUser) -> User:
    make_user("straße")
    make_user("ice")
    for name in ("bob", "j-l", "o'neil", "mr x"):
        make_user(name)
    return make_user("olga", UserRole.OWNER)


def _by_owner(owner: User, name: str) -> Any:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(owner)}")
    return client.post("/api/admin/users", {"username": name, "password": NEW}, format="json")


def _invited(owner: User, name: str) -> Any:
    _, token = invitations.make(by=owner)
    return APIClient().post(f"/api/invitations/{token}", {"username": name, "password": NEW}, format="json")


def _renamed(owner: User, name: str) -> Any:
    user = User.objects.create_user("somebody")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(owner)}")
    return client.patch(f"/api/admin/users/{user.pk}", {"username": name}, format="json")


WAYS = [_by_owner, _invited, _renamed]


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_passes_for_another_is_refused(owner: User, way: Any, name: str) -> None:
    answer = way(owner, name)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["username"]
    assert REFUSED[name] in answer.json()["detail"]


@pytest.mark.parametrize("name", ALLOWED)
def test_a_name_of_ones_own_is_taken_in_any_script(owner: User, name: str) -> None:
    assert _by_owner(owner, name).status_code == 200


def test_the_admin_site_has_the_same_rules(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    form = {"username": "Olga", "role": "admin", "access": "everything", "password1": NEW, "password2": NEW}

    answer = client.post("/admin/accounts/user/add/", form)

    assert "This username is taken" in answer.content.decode()
    assert User.objects.count() == 7


@pytest.mark.parametrize("name", ["Olga", "schedule 3", "s\u0443stem", "\ua4e1\ua4f2\ua4d6"])
def test_who_has_such_a_name_keeps_it(owner: User, make_user: MakeUser, name: str) -> None:
    user = make_user(name)
    signed_in = APIClient().post("/api/auth/token", {"username": name, "password": PASSWORD})
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(owner)}")
    body = {"username": name, "role": "owner"}

    changed = client.put(f"/api/admin/users/{user.pk}", body, format="json")

    assert (signed_in.status_code, changed.status_code, changed.json()["role"]) == (200, 200, "owner")


def test_of_two_names_at_once_one_is_made(owner: User) -> None:
    def make(name: str) -> int:
        try:
            return int(_by_owner(owner, name).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(make, ["rob", "Rob", "ROB", "roB"]))

    assert found == [200, 400, 400, 400]


def test_keys_of_names_are_compared_without_large_letters() -> None:
    assert names.key_of("Straße") == names.key_of("STRASSE")
    assert names.key_of("ﬁn") == names.key_of("FIN")
    assert names.key_of("olga") != names.key_of("0lga")
