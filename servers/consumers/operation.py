"""An operation as it runs."""

import uuid

from accounts.permissions import IsSignedIn
from accounts.sockets import NOT_FOUND, SocketConsumer
from servers import progress, records
from servers.api.serializers import OperationSerializer


class OperationConsumer(SocketConsumer):
    """/operations/{uuid}: what is printed so far and from now on, then the record."""

    permission = IsSignedIn

    async def begin(self) -> None:
        operation_id = self.scope["url_route"]["kwargs"]["id"]
        if await records.in_database(records.read_operation, operation_id) is None:
            self.refuse(NOT_FOUND, "There is no operation with this id.")
            return
        self.spawn(self._stream(operation_id))

    async def _stream(self, operation_id: uuid.UUID) -> None:
        seen = 0
        while (output := progress.running(operation_id)) is not None:
            seen, lines = await output.after(seen)
            if lines:
                await self.say({"type": "output", "content": "\n".join(lines) + "\n"})
        operation = await records.in_database(records.read_operation, operation_id)
        await self.say({"type": "operation", "operation": OperationSerializer(operation).data})
        await self.close(1000)
