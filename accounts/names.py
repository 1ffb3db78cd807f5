"""Names of users that pass for nobody else: in the audit, a console or a list, the name is all that one sees."""

import re
import unicodedata
from collections.abc import Iterable

from django.core.exceptions import ValidationError

RESERVED = frozenset({"system", "anonymous"})  # as the audit calls the master token, and strangers
# As the audit and operations call what acts for a user: `schedule 3`, `key ab12cd34`.
_NOT_USERS = re.compile(r"schedule\W*\d+|key\W+[0-9a-z]{8}")
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})  # not modifiers, which many scripts share
_MARKS = frozenset({"Mn", "Me"})
# Scripts in everyday use (UAX 31, table 5), by the first word of their letters' names. Letters of others, such as
# Lisu, are drawn as those of these.
_EVERYDAY = frozenset({
    "ARABIC", "ARMENIAN", "BENGALI", "BOPOMOFO", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK",
    "GUJARATI", "GURMUKHI", "HANGUL", "HEBREW", "HIRAGANA", "IDEOGRAPHIC", "KANNADA", "KATAKANA", "KATAKANA-HIRAGANA",
    "KHMER", "LAO", "LATIN", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN",
})
# Scripts that stand together in a word; no letter of one is drawn as one of another.
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}),
    frozenset({"LATIN", "CJK", "HANGUL"}), frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
# Printable to Python, and seen by nobody: fillers, joiners, variation selectors (the default ignorables of Unicode).
_INVISIBLE = frozenset(map(chr, (
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x1D159, *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
)))
_EMOJI = re.compile(r"(?<=[^\w\s])\ufe0f")  # makes a picture of the symbol before it
# Small letters that are drawn as Latin ones, or whose large letters are: Cyrillic, Greek, and Latin of other kinds.
_DRAWN_ALIKE = (
    str.maketrans("авеіјкмнорсѕтухһԁԛԝь", "abeljkmhopcstyxhdqwb")
    | str.maketrans("αβεζηικμνορτυχϲ", "abezhlkmvoptyxc")
    | str.maketrans("\u0131\u0251\u0261", "lag")
    | str.maketrans("\u2018\u2019\u02bc\u00b4`", "'''''")
    | str.maketrans("i", "l")  # a large I is drawn as a small l
)
_SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "


def check_new(name: str, *, others: Iterable[str]) -> None:
    """Refuse a name that passes for another user's, or for no user; one that somebody has already stays as it is.

    Raises:
        ValidationError: of the field ``username``.
    """
    key = key_of(name)
    if _NOT_USERS.fullmatch(_bare(key)) or re.sub(r"[\W_]", "", key) in RESERVED:
        raise _refused("This username is reserved; choose another.", "reserved")
    if _INVISIBLE & set(_EMOJI.sub("", name)):
        raise _refused("A username has no characters that nobody sees.", "characters")
    if not all(map(_is_of_one_script, re.split(r"[\W_]+", unicodedata.normalize("NFKC", name)))):
        message = "Each word of a username has letters of one script in everyday use: others look alike."
        raise _refused(message, "scripts")
    if any(_bare(key) == _bare(key_of(other)) for other in others):
        raise _refused("This username is taken; choose another.", "unique")


def key_of(name: str) -> str:
    """Return what two names have in common that one takes for the other.

    They differ in large and small letters, in marks that belong to no letter, or in letters that are drawn alike.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).casefold()
    kept = "".join(one for one in unicodedata.normalize("NFC", folded) if unicodedata.category(one) not in _MARKS)
    one_blank = " ".join("".join("-" if unicodedata.category(one) == "Pd" else one for one in kept).split())
    return "".join(map(_large_of, one_blank)).translate(_DRAWN_ALIKE)


def _bare(key: str) -> str:
    """Return the key without the punctuation around it, which one overlooks."""
    return _AROUND.sub("", key) or key


def _is_of_one_script(word: str) -> bool:
    scripts = {unicodedata.name(one, "?").partition(" ")[0] for one in word if unicodedata.category(one) in _LETTERS}
    return scripts <= _EVERYDAY and (len(scripts) < 2 or any(scripts <= some for some in _TOGETHER))


def _large_of(letter: str) -> str:
    """Return the small letter for a small capital, which is drawn as the large one; any other as it is."""
    plain = unicodedata.name(letter, "").removeprefix(_SMALL_CAPITAL)
    return plain.lower() if len(plain) == 1 else letter


def _refused(message: str, code: str) -> ValidationError:
    return ValidationError({"username": ValidationError(message, code)})
