"""Which Java a version gets, when a tag does not fit it, and what the game says of a Java that is too old."""

import pytest

from servers.minecraft.compose import java


@pytest.mark.parametrize(
    ("version", "server_type", "best"),
    [
        ("1.7.10", "FORGE", 8), ("1.12.2", "VANILLA", 8), ("1.16.5", "VANILLA", 8), ("1.16", "FABRIC", 8),
        ("1.16", "PAPER", 11), ("1.16.5", "paper", 11), ("1.16.5", "PURPUR", 11), ("1.15.2", "PAPER", 8),
        ("1.17", "VANILLA", 17), ("1.17.1", "PAPER", 17), ("1.18-pre2", "VANILLA", 17), ("1.19.2", "FORGE", 17),
        ("1.20", "VANILLA", 17), ("1.20.4", "PAPER", 17),
        ("1.20.5", "VANILLA", 21), ("1.20.5-rc1", "VANILLA", 21), ("1.20.6", "PAPER", 21), ("1.21", "VANILLA", 21),
        ("1.21.4", "FABRIC", 21), ("1.21.11", "VANILLA", 21), ("1.21.11-pre3", "VANILLA", 21),
        ("1.21.11_unobfuscated", "VANILLA", 21),
        ("26.1", "VANILLA", 25), ("26.1.2", "PAPER", 25), ("26.1-rc-1", "VANILLA", 25),
        ("26.1-snapshot-3", "VANILLA", 25),
        ("27.2", "VANILLA", 25), ("126.1", "VANILLA", 25),
        ("13w16a", "VANILLA", 8), ("20w14infinite", "VANILLA", 8), ("21w18a", "VANILLA", 8), ("21w19a", "VANILLA", 17),
        ("23w13a_or_b", "VANILLA", 17), ("24w13a", "VANILLA", 17), ("24w14a", "VANILLA", 21), ("25w46a", "VANILLA", 21),
        ("b1.7.3", "CUSTOM", 8), ("a1.2.6", "CUSTOM", 8), ("inf-20100618", "CUSTOM", 8), ("rd-132211", "CUSTOM", 8),
        ("LATEST", "VANILLA", 25), ("latest", "PAPER", 25), ("SNAPSHOT", "VANILLA", 25), ("", "VANILLA", 25),
        (" ", "PAPER", 25),
        ("nonsense", "VANILLA", 25), ("1", "VANILLA", 25), ("1.22", "VANILLA", 25), ("2.0", "VANILLA", 25),
        ("0.5", "VANILLA", 25),
        ("1.21.x", "VANILLA", 25), ("9" * 5000 + ".1", "VANILLA", 25), ("²6.1", "VANILLA", 25),
        ("unknown", "PAPER", 25),
    ],
)
def test_each_version_gets_its_java(version: str, server_type: str, best: int) -> None:
    assert java.best_java(version, server_type) == best
    assert java.disagreement(version, server_type, best) is None


@pytest.mark.parametrize(
    ("version", "server_type", "tag", "said"),
    [
        ("LATEST", "VANILLA", 21, "LATEST, since game version 26.1, needs at least Java 25"),
        ("", "PAPER", 21, "LATEST, since game version 26.1, needs at least Java 25"),
        ("26.1", "VANILLA", 21, "26.1 needs at least Java 25: change the image's tag to java25."),
        ("1.21.4", "PAPER", 17, "java21"), ("24w14a", "VANILLA", 17, "java21"), ("1.20.1", "FORGE", 8, "java17"),
        ("1.17.1", "VANILLA", 8, "at least Java 16: change the image's tag to java17."),
        ("1.12.2", "FORGE", 17, "at most Java 11: change the image's tag to java8."),
        ("1.16.5", "PAPER", 21, "PAPER 1.16.5 wants at most Java 16: change the image's tag to java11."),
    ],
)
def test_a_java_that_does_not_do_is_told_with_the_cure(version: str, server_type: str, tag: int, said: str) -> None:
    assert said in (java.disagreement(version, server_type, tag) or "")


@pytest.mark.parametrize(
    ("version", "server_type", "tag"),
    [
        ("1.20.4", "PAPER", 21), ("1.21.4", "VANILLA", 25), ("1.17.1", "VANILLA", 16), ("1.16.5", "VANILLA", 21),
        ("1.16.5", "PAPER", 8), ("1.16.5", "PAPER", 16), ("nonsense", "VANILLA", 8), ("1.22", "VANILLA", 8),
    ],
)
def test_a_java_that_does_or_may_do_is_not(version: str, server_type: str, tag: int) -> None:
    assert java.disagreement(version, server_type, tag) is None


UNSUPPORTED = (
    "java.lang.UnsupportedClassVersionError: net/minecraft/bundler/Main has been compiled by a more recent version of "
    "the Java Runtime (class file version 69.0), this version of the Java Runtime only recognizes class file versions "
    "up to 65.0"
)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (UNSUPPORTED, "Main needs Java 25, and the image has Java 21: CURE java25"),
        (f"\t{UNSUPPORTED}", "CURE java25"),
        (UNSUPPORTED.replace("69.0", "60.0").replace("65.0", "52.0"), "Java 16, and the image has Java 8: CURE java17"),
        (UNSUPPORTED.partition(", this")[0], "net/minecraft/bundler/Main needs Java 25: CURE java25"),
        (UNSUPPORTED.replace("69.0", "70.0"), "needs Java 26, and the image has Java 21: CURE java26"),
    ],
)
def test_a_class_for_a_newer_java_is_understood(line: str, said: str) -> None:
    found = java.too_old(line)

    assert found is not None
    assert found.sentence.endswith(said.replace("CURE", "change the image's tag to") + ".")
    assert f"needs Java {found.needed}" in found.sentence
    assert (found.present is not None) == ("the image has" in found.sentence)


@pytest.mark.parametrize(
    "line",
    ["", "UnsupportedClassVersionError", UNSUPPORTED.replace("69.0", "1.0"), UNSUPPORTED.replace("69.0", "x"), "hi"],
)
def test_other_lines_are_not(line: str) -> None:
    assert java.too_old(line) is None
