"""PostgreSQL on a host that has gone from the network: told within seconds, not after minutes."""

import socket
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from web import database_url
from web.database_errors import DatabaseUnavailable, explain


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgres://mcadmin:secret@127.0.0.1:{listener.getsockname()[1]}/mcadmin"


def connect(url: str) -> OperationalError:
    connections = ConnectionHandler({"default": database_url.settings_of(url)})
    with pytest.raises(OperationalError) as caught:
        connections["default"].ensure_connection()
    return caught.value


@pytest.mark.django_db
@pytest.mark.timeout(20)
def test_a_database_that_says_nothing_is_given_up_soon(silent: str) -> None:
    assert isinstance(explain(connect(silent)), DatabaseUnavailable)


def test_the_address_decides_how_long_it_is_waited_for(silent: str) -> None:
    assert database_url.settings_of(f"{silent}?connect_timeout=2")["OPTIONS"]["connect_timeout"] == 2


@pytest.mark.parametrize(
    "words",
    [
        "failed to resolve host 'database.example': [Errno -2] Name or service not known",
        "consuming input failed: could not receive data from server: Connection timed out",
        "could not send data to server: No route to host",
    ],
)
def test_a_host_that_is_gone_is_no_fault_of_ours(words: str) -> None:
    assert isinstance(explain(OperationalError(words)), DatabaseUnavailable)
