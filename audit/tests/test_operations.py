"""What no request asked for is written down all the same."""

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings
from django.core.management import call_command

from audit.models import AuditEvent
from mcadmin.routing import websocket_urlpatterns
from servers.tests.conftest import fake, server, server_path  # noqa: F401 - fixtures
from testing.fake_docker import FakeDocker


@pytest.mark.django_db(transaction=True)
def test_an_operation_from_the_shell_is_recorded(fake: FakeDocker, server: str) -> None:  # noqa: F811
    call_command("server", server, "up")

    event = AuditEvent.objects.get()
    assert (event.method, event.role, event.server_id, event.success) == ("SHELL", "command", server, True)
    assert event.request_body == {"operation": "up", "state": "succeeded", "error": ""}


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
