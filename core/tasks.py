"""Task lifetimes: work that must outlive its caller, and work that must not."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from core import request_id

logger = logging.getLogger(__name__)

T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()


def start(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run ``work`` as a task that nobody has to hold on to; its failure is logged.

    It gets a context of its own, with the request's id alone: asgiref keeps the executor of
    the calling request in the context, and that executor is gone when the request is.
    """
    context = contextvars.Context()
    context.run(request_id.carry, request_id.current())
    task = asyncio.get_running_loop().create_task(work, context=context)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


async def run_detached(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work``, and let it run to its end even if the caller is cancelled.

    A server cancels a request whose client has gone, and asgiref carries that into
    coroutines called from sync views. A compose or restic command half done is worse
    than an answer nobody reads.
    """
    task = start(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(report)  # nobody is left to hear the outcome
        raise


async def run_uninterrupted(work: Awaitable[T]) -> T:
    """Await ``work`` even when we are cancelled meanwhile: half a swap is worse than a late end.

    The cancellation is raised afterwards.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        task.exception()  # heard, whatever it is
        raise asyncio.CancelledError
    return task.result()


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` and wait until every one of them has ended."""
    pending = list(tasks)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


async def drain(*, timeout_s: float) -> int:
    """Wait for the work begun by ``start`` and ``run_detached`` to end; cancel what has not after ``timeout_s``.

    Returns:
        How many tasks had to be cancelled.
    """
    pending = {task for task in _running if task.get_loop() is asyncio.get_running_loop() and not task.done()}
    pending.discard(asyncio.current_task())
    if not pending:
        return 0
    _, late = await asyncio.wait(pending, timeout=timeout_s)
    await cancel(late)
    return len(late)


def report(task: asyncio.Task[Any]) -> None:
    """Log the failure of a task whose result nobody reads; pass it to ``add_done_callback``."""
    if not task.cancelled() and (error := task.exception()):
        logger.warning("work that nobody waits for failed: %s", error, exc_info=error)


async def in_thread(
    work: Callable[..., T], *args: Any, on_cancel: Callable[[], None] = lambda: None
) -> T:
    """Run blocking ``work`` in a thread; when cancelled, call ``on_cancel`` and wait until the thread has ended.

    ``asyncio.to_thread`` leaves a cancelled thread running with the descriptors that its caller then closes.
    """
    thread = asyncio.ensure_future(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        on_cancel()
        await _ended(thread)
        raise


async def opened(work: Callable[..., T], *args: Any, close: Callable[[T], object]) -> T:
    """Run ``work``, which opens something, in a thread; when we are cancelled meanwhile, ``close`` what it opened.

    The thread goes on when its caller is gone, and what it returns then belongs to nobody.
    """
    thread = asyncio.ensure_future(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await _ended(thread)
        if not thread.cancelled() and thread.exception() is None:
            await _ended(asyncio.ensure_future(asyncio.to_thread(close, thread.result())))
        raise


async def _ended(thread: "asyncio.Future[Any]") -> None:
    while not thread.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({thread})
    if not thread.cancelled():
        thread.exception()  # heard: nobody else will ask
