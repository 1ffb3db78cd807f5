"""An operation as it runs."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from accounts.identity import Identity
from accounts.permissions import of_socket
from accounts.rights.loading import rights_of
from accounts.sockets import SocketConsumer
from core import tasks
from core.errors import AppError
from servers.models import Operation, OperationState
from servers.operations import progress, watched
from servers.operations.http import OperationSerializer
from servers.operations.progress import Amount, Progress
from servers.records import operation_rows
from web.rate_limit import FairPlaces
from web.sockets import NOT_FOUND

LOOK_S = 0.5  # at the record of an operation that runs in another process
MAX_WATCHERS, MAX_WATCHERS_PER_ADDRESS = 30, 100

_of_operation, _of_address = FairPlaces(MAX_WATCHERS), FairPlaces(MAX_WATCHERS_PER_ADDRESS)


class SharedReads:
    """Reads of records, each for all who watch that operation. Belongs to one loop."""

    def __init__(self) -> None:
        self._watchers: Counter[uuid.UUID] = Counter()
        self._last: dict[uuid.UUID, tuple[float, asyncio.Task[Operation]]] = {}

    @contextmanager
    def watching(self, operation_id: uuid.UUID) -> Iterator[None]:
        """Keep the last read for as long as somebody watches."""
        self._watchers[operation_id] += 1
        try:
            yield
        finally:
            self._watchers[operation_id] -= 1
            if not self._watchers[operation_id]:
                del self._watchers[operation_id]
                self._last.pop(operation_id, None)

    async def read(self, operation_id: uuid.UUID) -> Operation:
        """Return the record as it was at most LOOK_S ago."""
        now = asyncio.get_running_loop().time()
        at, reading = self._last.get(operation_id, (float("-inf"), None))
        if reading is None or now - at >= LOOK_S or (reading.done() and reading.exception() is not None):
            reading = tasks.start(operation_rows.in_database(operation_rows.read_operation, operation_id))
            self._last[operation_id] = now, reading
        return await asyncio.shield(reading)

    @property
    def is_empty(self) -> bool:
        return not self._watchers and not self._last


reads = SharedReads()


class OperationConsumer(SocketConsumer):
    """/operations/{uuid}: what is printed so far and from now on, then the record."""

    permission = of_socket("/operations/{id}")
    operation: Operation | None = None  # as it was at the beginning

    async def begin(self) -> None:
        operation_id = uuid.UUID(self.scope["url_route"]["kwargs"]["id"])
        try:
            self.operation = await operation_rows.in_database(watched.read, self.user, operation_id)
        except operation_rows.OperationNotFound as error:
            self.refuse(NOT_FOUND, str(error))
            return
        if not self.takes_place(_of_address, self.counted_as, of_what="sockets of your address"):
            return
        if not self.takes_place(_of_operation, operation_id, of_what="sockets of this operation"):
            return
        self.spawn(self._stream(operation_id))

    def refusal(self, user: Identity | None) -> AppError | None:
        """Return also why the operation no longer exists for ``user``."""
        if (why := super().refusal(user)) is not None or user is None or self.operation is None:
            return why
        server_id, rights = self.operation.server_id, rights_of(user)
        if rights.has_everything or (server_id and rights.sees(server_id)):
            return None
        return operation_rows.OperationNotFound("There is no operation with this id.")

    async def _stream(self, operation_id: uuid.UUID) -> None:
        if (said := progress.running(operation_id)) is not None:
            await self._follow(said)
        else:
            with reads.watching(operation_id):
                await self._follow_record(operation_id)
        operation = await operation_rows.in_database(operation_rows.read_operation, operation_id)
        answer = await asyncio.to_thread(lambda: OperationSerializer(operation).data)  # it may look time zones up
        await self.send_json({"type": "operation", "operation": answer})
        await self.close(1000)

    async def _follow(self, said: Progress) -> None:
        seen = (0, 0)
        while True:
            news = await said.after(seen)
            if not news.lines and news.stage is None:
                return
            seen = news.seen
            await self._send_news("\n".join(news.lines), news.percent, news.stage, news.amount)

    async def _follow_record(self, operation_id: uuid.UUID) -> None:
        before: Operation | None = None
        while True:
            now = await reads.read(operation_id)
            old = before.output if before is not None else ""
            fresh = now.output[len(old) :].lstrip("\n") if now.output.startswith(old) else now.output
            is_step = before is None or _step_of(before) != _step_of(now)
            stage = now.stage if is_step and now.percent is not None else None
            await self._send_news(fresh, now.percent, stage, Amount(now.bytes_done, now.bytes_total, now.eta_seconds))
            if now.state != OperationState.RUNNING:
                return
            before = now
            await asyncio.sleep(LOOK_S)

    async def _send_news(self, text: str, percent: float | None, stage: str | None, amount: Amount) -> None:
        if text:
            await self.send_json({"type": "output", "content": f"{text}\n"})
        if stage is not None:
            much = {
                "bytesDone": amount.bytes_done, "bytesTotal": amount.bytes_total, "etaSeconds": amount.eta_seconds,
            }
            await self.send_json({"type": "progress", "percent": percent, "message": stage, **much})


def _step_of(operation: Operation) -> tuple[object, ...]:
    return operation.percent, operation.stage, operation.bytes_done, operation.bytes_total, operation.eta_seconds
