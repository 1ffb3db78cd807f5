"""Socket routes of the accounts app, with and without trailing slash."""

from django.urls import re_path

from accounts.consumers import LoginCodeConsumer

websocket_urlpatterns = [re_path(r"^api/auth/code/?\Z", LoginCodeConsumer.as_asgi())]
