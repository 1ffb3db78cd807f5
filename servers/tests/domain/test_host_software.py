"""Orders to other software of the machine, in every place where a rendered file can carry them."""

from typing import Any

import pytest

from servers.docker.policy.host_software import check_environment, check_labels, is_plain_logging
from servers.tests.real.hostile import FOREIGN_LABELS

MC: dict[str, Any] = {"image": "itzg/minecraft-server"}
PLACES = {
    "service": lambda labels: {"services": {"mc": MC | {"labels": labels}}},
    "deploy": lambda labels: {"services": {"mc": MC | {"deploy": {"labels": labels}}}},
    "mount": lambda labels: {"services": {"mc": MC | {"volumes": [{"type": "bind"}, {"volume": {"labels": labels}}]}}},
    "network": lambda labels: {"networks": {"default": {"labels": labels}}},
    "volume": lambda labels: {"volumes": {"v": {"labels": labels}}},
    "config": lambda labels: {"configs": {"c": {"labels": labels}}},
    "secret": lambda labels: {"secrets": {"c": {"labels": labels}}},
}
PLAIN = [
    "description", "maintainer", "note", "x-team", "mcadmin.note", "org.opencontainers.image.title",
    "org.label-schema.url",
]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("label", FOREIGN_LABELS)
def test_a_label_that_may_be_an_order_is_found_in_both_spellings(place: Any, label: str) -> None:
    for labels in ({label: "x", "note": "y"}, [f"{label}=x", "note=y"]):
        [(code, message, _)] = check_labels(place(labels))
        assert code == "labels"
        assert repr(label[:80]) in message
        assert message.endswith(".")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_plain_labels_pass(place: Any) -> None:
    assert list(check_labels(place(dict.fromkeys(PLAIN, "x")))) == []
    assert list(check_labels(place([f"{label}=x" for label in PLAIN]))) == []
    assert list(check_labels(place(None))) == []


def test_many_labels_of_one_place_are_one_finding() -> None:
    labels = {f"traefik.x{number}": "x" for number in range(1000)}
    [(_, message, where)] = check_labels(PLACES["service"](labels))
    assert "and 995 more" in message
    assert len(message) < 700
    assert where == ("services", "mc", "labels")


@pytest.mark.parametrize("name", ["VIRTUAL_HOST", "Virtual_Port", "LETSENCRYPT_EMAIL", "SERVICE_1_NAME", "CERT_NAME"])
def test_names_that_a_proxy_obeys_are_found(name: str) -> None:
    for environment in ({name: "x"}, [f"{name}=x"], [name]):
        [(code, message, where)] = check_environment({"services": {"mc": {"environment": environment}}})
        assert (code, where) == ("host_software", ("services", "mc", "environment"))
        assert name in message


def test_a_games_own_names_pass() -> None:
    names = ["EULA", "VERSION", "SERVER_NAME", "MOTD", "VIRTUALHOST", "MY_VIRTUAL_HOST", "ENABLE_SERVICES"]
    assert list(check_environment({"services": {"mc": {"environment": dict.fromkeys(names, "x")}, "b": {}}})) == []


SIZES = {"max-size": "10m", "max-file": "3"}
OPTIONS = ["tag", "labels", "labels-regex", "env", "env-regex", "syslog-address", "mode", "compress"]


@pytest.mark.parametrize("logging", [None, {}, {"driver": "local"}, {"driver": "json-file", "options": SIZES}])
def test_logs_that_stay_with_the_container_pass(logging: Any) -> None:
    assert is_plain_logging(logging)


@pytest.mark.parametrize(
    "logging",
    [
        *({"driver": name} for name in ("journald", "none", "syslog", "Local")),
        *({"options": SIZES | {name: "x"}} for name in OPTIONS),
    ],
)
def test_logs_that_the_host_keeps_are_refused(logging: Any) -> None:
    assert not is_plain_logging(logging)
