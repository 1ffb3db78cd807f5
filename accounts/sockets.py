"""Who opens a socket and who is admitted; the rest of every socket stands in ``web.sockets``."""

from typing import Any, ClassVar

from channels.db import database_sync_to_async

from accounts.identity import Identity, SystemUser
from accounts.permissions import AccessPermission, DenyAll
from accounts.revocation import channel_group
from accounts.signals import master_token_used
from accounts.socket_auth import authenticate_socket
from core.errors import AppError
from web.sockets import Socket


class SocketConsumer(Socket):
    """A socket that admits by ``permission``. A subclass declares it (a system check asks for it) and writes ``begin``.

    ``user`` is an Identity, or None for a stranger whom ``permission`` admits. The socket ends with 4401 when the
    user's token ends or is revoked, with 4403 or 4404 when ``permission`` no longer admits them: at once by
    ``accounts.revocation``. Meanwhile ``user`` is who they are now, with the rights they have now.
    """

    permission: ClassVar[type[AccessPermission]] = DenyAll

    async def identify(self) -> tuple[Identity | None, str | None]:
        """Return the user of the token that the socket was opened with."""
        return await authenticate_socket(self.scope)

    def refusal(self, user: Identity | None) -> AppError | None:
        """Return why ``permission`` does not admit ``user`` to the server in the address, if there is one."""
        kwargs = self.scope.get("url_route", {}).get("kwargs", {})
        return self.permission.refusal(user, str(kwargs.get("id", "")))

    def user_group(self) -> str | None:
        """Return the group of ``accounts.revocation``; the master token cannot be revoked while we run."""
        if self.user is None or isinstance(self.user, SystemUser):
            return None
        return channel_group(self.user.id)

    async def on_admitted(self) -> None:
        """Say that the master token, or a key, was used."""
        if self.user is not None and (isinstance(self.user, SystemUser) or self.user.key_prefix):
            await database_sync_to_async(master_token_used.send)(
                type(self), user=self.user, path=self.scope["path"], pattern=type(self).__qualname__,
                client_ip=self.address or None,
            )

    async def account_changed(self, event: dict[str, Any]) -> None:  # noqa: ARG002 - Channels' signature
        """Hear of ``accounts.revocation`` that this socket's user has changed."""
        self.ask_again()
