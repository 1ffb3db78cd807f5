import pytest

from core.process import ProgramFailed
from servers.docker.cli import EngineUnreachable, PortTaken, RegistryUnreachable, explain

_LOOKUP = 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.53:53: no such host'


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        # Docker 28 and Compose 5, each asked without an engine, and on a machine that reaches no registry.
        ("Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?", EngineUnreachable),
        ('error during connect: Get "http://nohost:1/x": dial tcp: lookup nohost: no such host', EngineUnreachable),
        (f" Image x Pulling \n Image x Error {_LOOKUP}\nError response from daemon: {_LOOKUP}", RegistryUnreachable),
        (
            'Error response from daemon: Get "https://ghcr.io/v2/": dial tcp 10.0.0.1:443: connection refused',
            RegistryUnreachable,
        ),
        ("Error response from daemon: Bind for 0.0.0.0:25565 failed: port is already allocated", PortTaken),
        ("Error response from daemon: manifest for x:1 not found", ProgramFailed),
    ],
)
def test_what_docker_said_is_told_apart(said: str, meant: type[Exception]) -> None:
    assert type(explain(ProgramFailed("docker", 1, said))) is meant
