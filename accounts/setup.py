"""The first owner: made on the page, by a code that stands in a link in the panel's own output."""

import secrets

from django.db import transaction
from django.utils import timezone

from accounts import throttles, users
from accounts.models import SetupCode, User, UserRole
from accounts.sign_ins import hash_of
from core.errors import Forbidden, Gone

CODE_BYTES = 16


class SetupDone(Gone):
    """There is an owner."""

    code = "setup_done"

    def __init__(self) -> None:
        super().__init__("This panel has an owner already. Sign in, or ask an owner for an account.")


class WrongSetupCode(Forbidden):
    """The code is not the present one."""

    code = "wrong_setup_code"

    def __init__(self) -> None:
        super().__init__("This link is not the present one. Open the one that MC Admin printed at its last start.")


def is_needed() -> bool:
    """Tell whether nobody can sign in as an owner."""
    return not User.objects.filter(role=UserRole.OWNER, is_active=True).exists()


def new_code() -> str | None:
    """Return a new code, good until the next one is made or an owner exists; None where there is one."""
    if not is_needed():
        return None
    code = secrets.token_urlsafe(CODE_BYTES)
    with transaction.atomic():
        SetupCode.objects.all().delete()
        SetupCode.objects.create(code_hash=hash_of(code), made_at=timezone.now())
    return code


def make_first_owner(*, code: str, username: str, password: str) -> User:
    """Use ``code`` up and make the first owner.

    Raises:
        SetupDone: there is an owner.
        WrongSetupCode: no or another code is the present one.
        InvalidRequest: as ``users.create``; the code stays good.
        throttles.TooManyTries: too many wrong codes, in all.
    """
    if not is_needed():
        raise SetupDone
    place = throttles.count_try(throttles.WRONG_SETUP_CODES)
    with transaction.atomic():
        # Of two who come at once, one deletes it; the other waits for the end of that transaction.
        deleted, _ = SetupCode.objects.filter(code_hash=hash_of(code)).delete()
        if not is_needed():
            raise SetupDone
        if not deleted:
            raise WrongSetupCode
        throttles.give_back([place])
        return users.create(username=username, password=password, role=UserRole.OWNER)
