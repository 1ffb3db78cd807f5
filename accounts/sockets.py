"""Who opens a socket and who is admitted; the rest of every socket stands in ``web.sockets``."""

from collections.abc import Hashable
from typing import Any, ClassVar

from channels.db import database_sync_to_async

from accounts.identity import Identity, SystemUser
from accounts.permissions import AccessPermission, DenyAll
from accounts.revocation import channel_group
from accounts.signals import master_token_used
from accounts.socket_auth import authenticate_socket
from core.errors import AppError
from web.rate_limit import FairPlaces
from web.sockets import TOO_MANY, Socket

_MAKE_ROOM = "All places were taken, most of them by you: this one went to somebody else. Close those you need not."


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

    def takes_place(self, places: FairPlaces, key: Hashable, *, of_what: str) -> bool:
        """Take one of ``places`` until the socket ends, and tell whether it did; refuse it where there is none.

        All sockets of a user count together, by whatever key or token. Who has most makes room for who has few.
        """
        free = places.acquire(key, holder=self.user.pk, make_room=lambda: self.leave(TOO_MANY, _MAKE_ROOM))
        if free is None:
            self.refuse(TOO_MANY, f"{places.limit} {of_what} are open already. Close one.")
            return False
        self.at_end.callback(free)
        return True

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
