"""ASGI entry point: HTTP to Django, sockets to the consumers, services around both."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcadmin.settings")
django_application = get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter

from mcadmin.lifespan import Lifespan
from mcadmin.request_bodies import JudgeBodies
from mcadmin.routing import sockets
from mcadmin.security_headers import ResponseHeaders
from mcadmin.shielded import ShieldChanges
from mcadmin.static_files import StaticFiles
from mcadmin.turn_taking import TakeTurns
from web.streaming import StreamBodies

application = Lifespan(
    ResponseHeaders(
        ProtocolTypeRouter(
            {
                # Swagger UI and the admin site bring their own files; no web server is needed for them.
                "http": JudgeBodies(TakeTurns(ShieldChanges(StreamBodies(StaticFiles(django_application))))),
                # A cookie counts there for pages of our own alone: accounts.socket_auth.
                "websocket": sockets,
            }
        )
    )
)
