"""What no request asked for is written down all the same."""

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from audit.models import AuditEvent
from audit.sentences import sentence
from core import process_identity
from mcadmin.routing import websocket_urlpatterns
from servers.models import Lease, Operation
from servers.records import leases
from servers.tests.conftest import fake, server, server_path  # noqa: F401 - fixtures
from testing.fake_docker import FakeDocker


@pytest.mark.django_db(transaction=True)
def test_an_operation_from_the_shell_is_recorded(fake: FakeDocker, server: str) -> None:  # noqa: F811
    call_command("server", server, "up")

    event = AuditEvent.objects.get()
    assert (event.method, event.role, event.server_id, event.success) == ("SHELL", "command", server, True)
    assert event.request_body == {"operation": "up", "state": "succeeded", "error": ""}


@pytest.mark.parametrize(
    ("origin", "method"), [("api", "API"), ("admin", "ADMIN"), ("command", "SHELL"), ("schedule", "SCHEDULE")]
)
@pytest.mark.django_db(transaction=True)
def test_an_operation_whose_process_died_is_recorded_by_the_next(server: str, origin: str, method: str) -> None:  # noqa: F811
    begun = Operation(server_id=server, kind="up", started_by="ada", origin=origin, started_at=timezone.now())
    leases.acquire(begun, keys=[leases.server_lease(server)])
    host, _, _ = process_identity.this_process().rsplit(":", 2)
    Lease.objects.update(owner=f"{host}:4194303:1.00")

    assert len(leases.take_over_dead()) == 1
    assert leases.take_over_dead() == []

    event = AuditEvent.objects.get()
    assert (event.method, event.username, event.role, event.server_id) == (method, "ada", origin, server)
    assert not event.success
    assert event.request_body
    assert event.request_body["state"] == "interrupted"
    assert "up" in sentence(event)


@pytest.mark.django_db(transaction=True)
async def test_a_socket_opened_with_the_master_token_is_recorded(
    fake: FakeDocker, server: str, settings: LazySettings  # noqa: F811
) -> None:
    path = f"/api/servers/{server}/console"
    for token in (settings.MC_ADMIN.master_token, "wrong"):
        socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"{path}?token={token}")
        await socket.connect()
        await socket.disconnect()

    events = [event async for event in AuditEvent.objects.all()]
    assert [(event.method, event.path, event.username) for event in events] == [("SOCKET", path, "SYSTEM")]
