"""Routes about one's own account are for people: the master token has none."""

from typing import Any

from rest_framework.request import Request

from accounts.identity import SystemUser
from accounts.models import User
from accounts.sign_ins import Proof
from core.errors import InvalidRequest


class NoAccount(InvalidRequest):
    """The master token is no account."""

    code = "no_account"


def own_account(request: Request, lack: str) -> User:
    """Return the account that makes ``request``; ``lack`` says what the master token, which is none, does not have.

    Raises:
        NoAccount.
    """
    user: Any = request.user
    if isinstance(user, SystemUser):
        raise NoAccount(f"The master token {lack}; change master_token in the settings instead.")
    found: User = user
    return found


def proof_of(request: Request) -> Proof:
    """Return the session or token by which an account makes ``request``."""
    found: Any = request.auth
    proof: Proof = found
    return proof
