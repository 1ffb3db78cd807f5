"""Codes that a waiting page shows and somebody trusted confirms. Plain Python: where they are kept is an argument."""

import hashlib
import hmac
import secrets
from typing import Any, Protocol

DIGITS = 8
LIFE_S = 60
ROTATION_S = 30  # the newest and the one before are good


class Store(Protocol):
    """What all processes share. ``add`` and ``delete`` are atomic and tell whether they did it."""

    def add(self, key: str, value: str, timeout: int) -> bool: ...
    def get(self, key: str) -> Any: ...
    def delete(self, key: str) -> bool: ...


class LoginCodes:
    """The live codes. Only a keyed hash of each is stored, so the store tells nobody a code, and looking one up by
    its hash takes no time that depends on the right digits.
    """  # noqa: D205 - one thought

    def __init__(self, store: Store, *, key: bytes) -> None:
        """``key`` is a secret of this installation: 10^8 codes are soon tried without one."""
        self._store = store
        self._key = key

    def issue(self, waiting: str) -> str:
        """Return a new code, unlike every other live one, for whoever ``waiting`` names."""
        while True:
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            if self._store.add(self._name(code), waiting, LIFE_S):
                return code

    def redeem(self, code: str) -> str | None:
        """Return who waits for ``code``, once: the code is used up. None for an unknown or old one."""
        name = self._name(code)
        waiting: str | None = self._store.get(name)
        # Of two who come at once, one deletes it.
        return waiting if waiting is not None and self._store.delete(name) else None

    def forget(self, code: str) -> None:
        """Make ``code`` worthless: nobody waits for it any more."""
        self._store.delete(self._name(code))

    def _name(self, code: str) -> str:
        return "accounts.code." + hmac.digest(self._key, code.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
