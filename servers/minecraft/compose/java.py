"""Which Java a game version needs, and which of the image's tags brings it.

Source: the version manifests of Mojang (`javaVersion.majorVersion`), the requirements of Paper and Forge.
"""

import re
from dataclasses import dataclass

AUTO = "auto"
OFFERED = (8, 11, 17, 21, 25)  # those the image has a tag for
NEWEST = OFFERED[-1]
CHOICES = (AUTO, *map(str, OFFERED))
# Versions by name, each the newest of its day. An empty one is LATEST for the image.
NEWEST_VERSIONS = frozenset({"", "LATEST", "SNAPSHOT", "PREVIEW"})
_PAPER = frozenset({"PAPER", "PURPUR", "PUFFERFISH"})
_TAKE_ANY_NEWER = frozenset({"VANILLA", "FABRIC", "QUILT"})

_RELEASE = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})(?:\.([0-9]{1,3}))?(?:[-_ ][A-Za-z0-9._ -]*)?")
_WEEK = re.compile(r"([0-9]{2})w([0-9]{2})[a-z~][a-z_]*")
_BEFORE_RELEASES = re.compile(r"(?:(?:a|b|c|beta|alpha)[01]\.|inf-|rd-)[0-9A-Za-z._-]*")
_CLASS_TOO_NEW = re.compile(
    r"UnsupportedClassVersionError: (?P<name>[\w/.$-]{1,200}) has been compiled by a more recent version of the Java "
    r"Runtime \(class file version (?P<needed>[0-9]{2,3})(?:\.[0-9]+)?\)"
    r"(?:.*? up to (?P<there>[0-9]{2,3})(?:\.[0-9]+)?)?"
)
_FIRST_CLASS_FILE = 44  # class file version 52 is Java 8


@dataclass(frozen=True)
class Needs:
    """What a game version asks of Java.

    Attributes:
        best: the Java that its tag should name.
        least: an older one does not start it.
        most: a newer one does not start it; None when any newer one does.
    """

    best: int
    least: int
    most: int | None = None


_OLD, _OLD_PAPER = Needs(8, 8, 11), Needs(11, 8, 16)
_JAVA_16, _JAVA_17, _JAVA_21, _JAVA_25 = Needs(17, 16), Needs(17, 17), Needs(21, 21), Needs(25, 25)
# From this version on, each up to the next; None: no such versions are known.
_RELEASES: tuple[tuple[tuple[int, int, int], Needs | None], ...] = (
    ((0, 0, 0), None), ((1, 0, 0), _OLD), ((1, 17, 0), _JAVA_16), ((1, 18, 0), _JAVA_17), ((1, 20, 5), _JAVA_21),
    ((1, 22, 0), None), ((26, 1, 0), _JAVA_25),
)
_WEEKS: tuple[tuple[tuple[int, int], Needs], ...] = (
    ((0, 0), _OLD), ((21, 19), _JAVA_16), ((21, 37), _JAVA_17), ((24, 14), _JAVA_21), ((26, 0), _JAVA_25),
)


def needs(version: str, server_type: str = "VANILLA") -> Needs | None:
    """Return what ``version`` needs, as it stands in ``VERSION``; None for one that nobody knows."""
    kind, text = server_type.upper(), version.strip()
    if text.upper() in NEWEST_VERSIONS:
        return _JAVA_25
    found = _of_text(text)
    if found is not _OLD:
        return found
    if kind in _PAPER and text.startswith("1.16"):
        return _OLD_PAPER
    return Needs(_OLD.best, _OLD.least) if kind in _TAKE_ANY_NEWER else _OLD


def best_java(version: str, server_type: str = "VANILLA") -> int:
    """Return the Java to choose for ``version``; the newest for one that nobody knows."""
    found = needs(version, server_type)
    return NEWEST if found is None else found.best


def disagreement(version: str, server_type: str, java: int) -> str | None:
    """Return why ``version`` does not start with ``java``, as a sentence with the cure; None where it does."""
    found = needs(version, server_type)
    if found is None or (found.least <= java and (found.most is None or java <= found.most)):
        return None
    name = version.strip() or "LATEST"
    if java > found.least:
        return (
            f"The image has Java {java}, and {server_type.upper()} {name} wants at most Java {found.most}: "
            f"change the image's tag to java{found.best}."
        )
    since = ", since game version 26.1," if name.upper() in NEWEST_VERSIONS else ""
    return (
        f"The image has Java {java}, and {name}{since} needs at least Java {found.least}: "
        f"change the image's tag to java{found.best}."
    )


@dataclass(frozen=True)
class TooOld:
    """That a class needs a newer Java: a sentence with the cure, which Java, and which is there, if that was said."""

    sentence: str
    needed: int
    present: int | None


def too_old(line: str) -> TooOld | None:
    """Return what a log line about a class for a newer Java means; None for other lines."""
    said = _CLASS_TOO_NEW.search(line)
    if said is None or (needed := int(said["needed"]) - _FIRST_CLASS_FILE) < OFFERED[0]:
        return None
    present = int(said["there"]) - _FIRST_CLASS_FILE if said["there"] else None
    there = f", and the image has Java {present}" if present is not None else ""
    tag = next((one for one in OFFERED if one >= needed), needed)
    sentence = f"{said['name']} needs Java {needed}{there}: change the image's tag to java{tag}."
    return TooOld(sentence, needed, present)


def _of_text(text: str) -> Needs | None:
    if match := _RELEASE.fullmatch(text):
        number = (int(match[1]), int(match[2]), int(match[3] or 0))
        return next(found for first, found in reversed(_RELEASES) if first <= number)
    if match := _WEEK.fullmatch(text):
        week = (int(match[1]), int(match[2]))
        return next(found for first, found in reversed(_WEEKS) if first <= week)
    return _OLD if _BEFORE_RELEASES.fullmatch(text) else None
