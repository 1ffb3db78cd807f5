"""Access tokens: what is in them, and which ones are still good.

A token names its user by ``user_id`` alone; its other claims are for whoever reads it outside.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts.models import User, UserRole

MAX_LENGTH = 8192
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_S = (datetime(9000, 1, 1, tzinfo=UTC) - _EPOCH) / timedelta(seconds=1)


class TokenRefused(Exception):
    """The token lets nobody in; ``str(error)`` is safe to show and says what to do."""

    code = "not_authenticated"

    def __init__(self, message: str = "The token is not valid; sign in again.") -> None:
        super().__init__(message)


@dataclass(frozen=True)
class Claims:
    """What a good signature vouches for: the user, and when the token was issued (microseconds since 1970)."""

    user_id: int
    issued_at_us: int
    jti: str
    expires_at: datetime  # as far as a database can store

    @property
    def issued_at(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.issued_at_us)


class AccessToken(Token):
    """A token in simplejwt's terms, without its claim for the token's type: there is only one type."""

    token_type = "access"  # noqa: S105 - a kind, not a secret
    lifetime = api_settings.ACCESS_TOKEN_LIFETIME

    def verify(self) -> None:
        """Leave it to ``read``: PyJWT has compared ``exp``, simplejwt's own conversion fails past the year 9999."""


def issue(user: User) -> str:
    """Return a new token for ``user``, good until the configured time is over or ``user.end_tokens``."""
    return issue_with_claims(user)[0]


def issue_with_claims(user: User) -> tuple[str, Claims]:
    """Do the same; return the token and what it vouches for, which ``read`` refuses while the clock is set back."""
    token = AccessToken()
    token.payload = {
        "sub": user.username,
        "user_id": user.pk,
        "username": user.username,
        "role": str(user.role),
        "created_at": user.created_at.isoformat(),
        "exp": token["exp"],
        "iat": user.earliest_issue().timestamp(),
        "jti": token["jti"],
    }
    return str(token), _claims(token.payload)


def read(token: str) -> Claims:
    """Check signature, age and shape of ``token``.

    Raises:
        TokenRefused: for whatever is not a token of ours that is good now; never anything else.
    """
    if len(token) > MAX_LENGTH:
        raise TokenRefused
    try:
        payload: dict[str, Any] = AccessToken(token).payload  # type: ignore[arg-type]  # simplejwt's hint is wrong
    except ExpiredTokenError:
        raise TokenRefused("The token has expired; sign in again.") from None
    except (TokenError, ValueError):  # ValueError: text that is not UTF-8 once encoded
        raise TokenRefused from None
    if "iat" not in payload or "jti" not in payload:
        raise TokenRefused("The token is of an earlier version; sign in again.")
    if not _well_formed(payload):
        raise TokenRefused
    if not abs(payload["iat"]) < _FAR_S:
        raise TokenRefused
    return _claims(payload)


def _claims(payload: dict[str, Any]) -> Claims:
    expires_at = _EPOCH + timedelta(seconds=min(payload["exp"], _FAR_S))
    return Claims(payload["user_id"], round(payload["iat"] * 1_000_000), payload["jti"], expires_at)


def _well_formed(payload: dict[str, Any]) -> bool:
    texts = all(isinstance(payload.get(name), str) for name in ("sub", "username", "created_at", "jti"))
    user_id, role = payload.get("user_id"), payload.get("role")
    return (
        texts
        and _is_instant(payload.get("iat"))
        and _is_instant(payload.get("exp"))
        and isinstance(role, str)
        and role in set(UserRole)
        and type(user_id) is int
    )


def _is_instant(value: object) -> bool:
    """Tell whether ``value`` is a number of seconds; PyJWT has refused NaN and infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool)
