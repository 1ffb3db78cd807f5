"""Socket routes of the servers app, with and without trailing slash."""

from django.urls import re_path

from servers.consumers.console import ConsoleConsumer
from servers.consumers.live import LiveConsumer
from servers.consumers.operation import OperationConsumer
from servers.minecraft.manager import SERVER_ID

websocket_urlpatterns = [
    re_path(rf"^api/servers/(?P<id>{SERVER_ID})/console/?\Z", ConsoleConsumer.as_asgi()),
    re_path(r"^api/servers/live/?\Z", LiveConsumer.as_asgi()),
    re_path(r"^api/operations/(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?\Z", OperationConsumer.as_asgi()),
]
