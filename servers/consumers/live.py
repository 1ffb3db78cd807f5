"""The list of servers, live: a page that shows it needs no polling."""

import json
from contextlib import aclosing

from rest_framework.utils.encoders import JSONEncoder

from accounts.permissions import of_socket
from accounts.sockets import SocketConsumer
from servers import wiring
from servers.api.items import server_items
from web.rate_limit import ConnectionLimit
from web.sockets import TOO_MANY

viewers = ConnectionLimit(100)


class LiveConsumer(SocketConsumer):
    """/servers/live: ``servers`` with the whole list once, then ``changes``: status at once, figures as sampled."""

    permission = of_socket("/servers/live")

    async def begin(self) -> None:
        if not viewers.acquire(""):
            self.refuse(TOO_MANY, f"There are {viewers.limit} viewers already. Try again later.")
            return
        self.at_end.callback(viewers.release, "")
        self.spawn(self._stream())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ignore what a viewer says: there is nothing to ask for."""

    async def _stream(self) -> None:
        async with aclosing(wiring.live().monitoring.feed(server_items).view()) as frames:
            async for frame in frames:
                await self.send(text_data=json.dumps(frame, ensure_ascii=False, cls=JSONEncoder))
