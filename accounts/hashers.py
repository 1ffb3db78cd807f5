"""Password hashes of the earlier version, good for one more sign-in each: Django then stores its own form."""

from typing import Any

from django.contrib.auth.hashers import BCryptPasswordHasher

BCRYPT_BYTES = 72  # bcrypt reads no more; the earlier version cut silently, newer libraries refuse


class LegacyBcryptHasher(BCryptPasswordHasher):
    """Plain bcrypt, the password cut to what bcrypt reads, as the earlier version did it."""

    algorithm = "bcrypt_earlier"

    def encode(self, password: str, salt: Any) -> str:
        return super().encode(_cut(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        if "\0" in password:  # no password of the earlier version: it could not store one
            return False
        return super().verify(_cut(password), encoded)


def encoded(bcrypt_hash: str) -> str:
    """Return a bare ``$2b$…`` hash in the form in which Django stores it."""
    return f"{LegacyBcryptHasher.algorithm}${bcrypt_hash}"


def _cut(password: str) -> str:
    """Cut to 72 bytes; bytes and not characters, so what is left of a split character goes too.

    bcrypt compares bytes: a password whose 72nd byte splits a character cannot be checked and needs a new one.
    """
    return password.encode()[:BCRYPT_BYTES].decode(errors="ignore")
