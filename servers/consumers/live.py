"""The list of servers, live: a page that shows it needs no polling."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qs

from rest_framework.utils.encoders import JSONEncoder

from accounts.permissions import of_socket
from accounts.rights.loading import rights_of
from accounts.rights.rights import Rights
from accounts.sockets import SocketConsumer
from servers import wiring
from servers.api.items import for_rights, server_items
from servers.live.list_feed import Changes, WholeList
from servers.operations.feed import frames_for
from web.rate_limit import FairPlaces

viewers = FairPlaces(100)


# What a viewer gets only with ``?also=<name>``: frames made for their rights. A higher floor may add its own.
ALSO: dict[str, Callable[[Rights], AsyncGenerator[Mapping[str, Any], None]]] = {"operations": frames_for}


class LiveConsumer(SocketConsumer):
    """/servers/live: ``servers`` with the whole list once, then ``changes``: status at once, figures as sampled.

    ``?also=operations`` brings frames of other types, too; a page that does not know them does not ask.
    """

    permission = of_socket("/servers/live")

    async def begin(self) -> None:
        if self.takes_place(viewers, "", of_what="lists of servers"):
            self._start()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ignore what a viewer says: there is nothing to ask for."""

    def user_renewed(self) -> None:
        """Begin anew when the rights are others: which servers exist is told by the whole list only."""
        if rights_of(self.user) != self.rights:
            for task in self.streaming:
                task.cancel()
            self._start()

    def _start(self) -> None:
        self.rights = rights_of(self.user)
        asked = parse_qs(self.scope["query_string"].decode(errors="replace")).get("also", [])
        also = {name for one in asked for name in one.split(",")} & ALSO.keys()
        self.streaming = [self.spawn(self._stream(self.rights))]
        self.streaming += [self.spawn(self._stream_also(ALSO[name](self.rights))) for name in sorted(also)]

    async def _stream_also(self, made: AsyncGenerator[Mapping[str, Any], None]) -> None:
        async with aclosing(made) as frames:
            async for frame in frames:
                await self._send(frame)

    async def _send(self, frame: Mapping[str, Any]) -> None:
        told = {**frame, "node": wiring.node()}
        await self.send(text_data=json.dumps(told, ensure_ascii=False, cls=JSONEncoder))

    async def _stream(self, rights: Rights) -> None:
        async with aclosing(wiring.live().monitoring.feed(server_items).view()) as frames:
            async for whole in frames:
                frame = whole if rights.has_everything else seen_by(rights, whole)
                if frame is not None:
                    await self._send(frame)


def seen_by(rights: Rights, frame: WholeList | Changes) -> WholeList | Changes | None:
    """Return a frame without the servers that do not exist for somebody; None where nothing is left of a change."""
    if frame["type"] == "servers":
        mine = [for_rights(item, rights) for item in frame["servers"] if rights.sees(item["id"])]
        return {"type": "servers", "servers": mine}
    changed = [for_rights(item, rights) for item in frame["changed"] if rights.sees(item["id"])]
    removed = [server_id for server_id in frame["removed"] if rights.sees(server_id)]
    return {"type": "changes", "changed": changed, "removed": removed} if changed or removed else None
