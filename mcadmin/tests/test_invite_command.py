"""Invitations by command and on the admin site: as the API's."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Invitation, User, UserRole
from audit.models import AuditEvent

pytestmark = [pytest.mark.django_db(transaction=True)]


def invite(*argv: str) -> str:
    out = io.StringIO()
    call_command("invite", *argv, stdout=out)
    return out.getvalue()


def made(*argv: str) -> Any:
    return json.loads(invite("--json", *argv))


def test_the_printed_link_lets_somebody_in_and_is_not_audited() -> None:
    found = invite("--server", "lobby-*", "--url", "https://panel.example.com/").split("\n")[0]
    token = found.removeprefix("https://panel.example.com/invite#")

    body = {"username": "bob", "password": "c0rrect-horse"}
    answer = APIClient().post(f"/api/invitations/{token}", body, format="json")

    assert answer.status_code == 200
    assert [one.role_name for one in User.objects.get(username="bob").grants.all()] == ["operator"]
    rows = str(list(AuditEvent.objects.values()))
    assert "lobby-*" in rows
    assert token not in rows


def test_it_lists_and_revokes() -> None:
    one = made("--days", "2")

    assert [row["state"] for row in json.loads(invite("--list", "--json"))] == ["open"]
    invite("--revoke", str(one["id"]))
    assert "revoked" in invite("--list")


@pytest.mark.parametrize("argv", [["--days", "8"], ["--role", "king", "--server", "*"], ["--revoke", "999"]])
def test_what_the_api_refuses_the_command_refuses(argv: list[str]) -> None:
    with pytest.raises(CommandError):
        invite(*argv)
    assert not Invitation.objects.exists()


def test_an_owner_revokes_on_the_admin_site() -> None:
    one = made()
    client = Client()
    client.force_login(User.objects.create_user("olga", "c0rrect-horse", UserRole.OWNER))
    page = "/admin/accounts/invitation/"

    assert "open" in client.get(page).content.decode()
    client.post(page, {"action": "revoke", "_selected_action": [one["id"]]})
    assert json.loads(invite("--list", "--json"))[0]["state"] == "revoked"
