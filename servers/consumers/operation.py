"""An operation as it runs."""

import asyncio
import uuid

from accounts.permissions import IsSignedIn
from accounts.sockets import NOT_FOUND, SocketConsumer
from servers import progress, records
from servers.models import Operation, OperationState
from servers.operation_answers import OperationSerializer
from servers.progress import Progress

LOOK_S = 0.5  # at the record of an operation that runs in another process


class OperationConsumer(SocketConsumer):
    """/operations/{uuid}: what is printed so far and from now on, then the record."""

    permission = IsSignedIn

    async def begin(self) -> None:
        operation_id = uuid.UUID(self.scope["url_route"]["kwargs"]["id"])
        try:
            await records.in_database(records.read_operation, operation_id)
        except records.OperationNotFound as error:
            self.refuse(NOT_FOUND, str(error))
            return
        self.spawn(self._stream(operation_id))

    async def _stream(self, operation_id: uuid.UUID) -> None:
        if (said := progress.running(operation_id)) is not None:
            await self._follow(said)
        else:
            await self._follow_record(operation_id)
        operation = await records.in_database(records.read_operation, operation_id)
        await self.say({"type": "operation", "operation": OperationSerializer(operation).data})
        await self.close(1000)

    async def _follow(self, said: Progress) -> None:
        seen = (0, 0)
        while True:
            news = await said.after(seen)
            if not news.lines and news.stage is None:
                return
            seen = news.seen
            await self._tell("\n".join(news.lines), news.percent, news.stage)

    async def _follow_record(self, operation_id: uuid.UUID) -> None:
        before: Operation | None = None
        while True:
            now = await records.in_database(records.read_operation, operation_id)
            old = before.output if before is not None else ""
            fresh = now.output[len(old) :].lstrip("\n") if now.output.startswith(old) else now.output
            is_step = before is None or (before.percent, before.stage) != (now.percent, now.stage)
            await self._tell(fresh, now.percent, now.stage if is_step and now.percent is not None else None)
            if now.state != OperationState.RUNNING:
                return
            before = now
            await asyncio.sleep(LOOK_S)

    async def _tell(self, text: str, percent: float | None, stage: str | None) -> None:
        if text:
            await self.say({"type": "output", "content": f"{text}\n"})
        if stage is not None:
            await self.say({"type": "progress", "percent": percent, "message": stage})
