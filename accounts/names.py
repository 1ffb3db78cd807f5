"""Names of users that pass for nobody else: in the audit, a console or a list, the name is all that one sees."""

import unicodedata
from collections.abc import Iterable

from django.core.exceptions import ValidationError

# Words of the audit and of operations for who is no user: `schedule 3`, `key ab12cd34`.
_NOT_USERS = ("schedule ", "key ")
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})  # not modifiers, which many scripts share
# Scripts that are written together.
_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}), frozenset({"CJK", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
# Printable to Python, and seen by nobody: fillers, joiners, variation selectors (the default ignorables of Unicode).
_INVISIBLE = frozenset(map(chr, (
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
)))


def check_new(name: str, *, others: Iterable[str]) -> None:
    """Refuse a name that passes for another user's, or for no user; one that somebody has already stays as it is.

    Raises:
        ValidationError: of the field ``username``.
    """
    key = key_of(name)
    if key.startswith(_NOT_USERS):
        raise _refused("This username is reserved; choose another.", "reserved")
    if _INVISIBLE & set(name):
        raise _refused("A username has no characters that nobody sees.", "characters")
    scripts = {unicodedata.name(one, "?").partition(" ")[0] for one in name if unicodedata.category(one) in _LETTERS}
    if len(scripts) > 1 and not any(scripts <= some for some in _TOGETHER):
        raise _refused("A username has letters of one script only: others look alike.", "scripts")
    if any(key == key_of(other) for other in others):
        raise _refused("This username is taken; choose another.", "unique")


def key_of(name: str) -> str:
    """Return what two names have in common that differ in large and small letters alone."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).casefold()


def _refused(message: str, code: str) -> ValidationError:
    return ValidationError({"username": ValidationError(message, code)})
