"""Every socket route."""

from accounts.routing import websocket_urlpatterns as accounts_patterns
from servers.routing import websocket_urlpatterns as servers_patterns

websocket_urlpatterns = [*accounts_patterns, *servers_patterns]
