"""Every socket route."""

from servers.routing import websocket_urlpatterns as servers_patterns

websocket_urlpatterns = [*servers_patterns]
