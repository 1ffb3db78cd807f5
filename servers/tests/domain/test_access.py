import pytest

from servers.docker.container import Container, parse_inspect
from servers.docker.ports import parse_port
from servers.minecraft.access import Endpoint, reachable_at
from servers.tests.fake_docker import FakeContainer, FakeDocker


def container(address: str = "172.30.0.2") -> Container:
    fake = FakeDocker()
    one = FakeContainer("mc-survival", "itzg/minecraft-server", {})
    fake.containers[one.id] = one
    text = fake._inspect([one.id]).replace("172.30.0.2", address)
    return parse_inspect(text)[0]


@pytest.mark.parametrize(
    ("port", "endpoint"),
    [
        ("25575:25575", ("127.0.0.1", 25575)),
        ("0.0.0.0:35575:25575", ("127.0.0.1", 35575)),
        ("127.0.0.1:35575:25575/tcp", ("127.0.0.1", 35575)),
        ("192.168.1.5:35575:25575", ("192.168.1.5", 35575)),
        ("[::1]:35575:25575", ("::1", 35575)),
        ("[::]:35575:25575", ("::1", 35575)),
        ("35570-35580:25570-25580", ("127.0.0.1", 35575)),
    ],
)
def test_a_published_port_comes_first_and_the_containers_own_address_last(port: str, endpoint: Endpoint) -> None:
    parsed = parse_port(port)
    assert parsed is not None
    assert reachable_at([parsed], container(), target=25575) == [endpoint, ("172.30.0.2", 25575)]


@pytest.mark.parametrize("port", ["25575", "25575:25575/udp", "25565:25565"])
def test_what_is_not_published_is_reached_inside(port: str) -> None:
    parsed = parse_port(port)
    assert parsed is not None
    assert reachable_at([parsed], container(), target=25575) == [("172.30.0.2", 25575)]


def test_a_container_on_the_hosts_network_has_no_address_of_its_own() -> None:
    assert reachable_at([], container(""), target=25575) == []
