import json
from typing import Any

import pytest

from servers.docker.container import Container, parse_inspect
from servers.minecraft.access import Endpoint, reachable_at
from testing.fake_docker import FakeContainer, FakeDocker

ANY = "0.0.0.0"  # noqa: S104 - nothing listens on it


def container(published: dict[str, Any], *, address: str = "172.30.0.2") -> Container:
    fake = FakeDocker()
    one = FakeContainer("mc-survival", "itzg/minecraft-server", {})
    fake.containers[one.id] = one
    text = fake._inspect([one.id]).replace('"Ports": {}', f'"Ports": {json.dumps(published)}')
    return parse_inspect(text.replace("172.30.0.2", address))[0]


def bound(host: str, port: str) -> dict[str, str]:
    return {"HostIp": host, "HostPort": port}


@pytest.mark.parametrize(
    ("bindings", "endpoints"),
    [
        ([bound(ANY, "25575"), bound("::", "25575")], [("127.0.0.1", 25575), ("::1", 25575)]),
        ([bound("", "35575")], [("127.0.0.1", 35575)]),
        ([bound("127.0.0.1", "35575")], [("127.0.0.1", 35575)]),
        ([bound("192.168.1.5", "35575")], [("192.168.1.5", 35575)]),
        ([bound("::1", "35575")], [("::1", 35575)]),
    ],
)
def test_a_published_port_comes_first_and_the_containers_own_address_last(
    bindings: list[dict[str, str]], endpoints: list[Endpoint]
) -> None:
    one = container({"25575/tcp": bindings, "25565/tcp": [bound("127.0.0.1", "35565")]})
    assert reachable_at(one, target=25575) == [*endpoints, ("172.30.0.2", 25575)]


@pytest.mark.parametrize(
    "published", [{}, {"25575/tcp": None}, {"25575/tcp": []}, {"25575/udp": [bound(ANY, "25575")]}]
)
def test_what_is_not_published_is_reached_inside(published: dict[str, Any]) -> None:
    assert reachable_at(container(published), target=25575) == [("172.30.0.2", 25575)]


def test_a_container_on_the_hosts_network_has_no_address_of_its_own() -> None:
    assert reachable_at(container({}, address=""), target=25575) == []


def test_a_containers_environment_is_not_shown() -> None:
    fake = FakeDocker()
    one = FakeContainer("mc-survival", "itzg/minecraft-server", {}, environment={"RCON_PASSWORD": "open=sesame"})
    fake.containers[one.id] = one
    found = parse_inspect(fake._inspect([one.id]))[0]
    assert found.environment["RCON_PASSWORD"] == "open=sesame"
    assert "sesame" not in repr(found)
