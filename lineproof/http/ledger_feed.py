"""The ledger as it grows, for all subscriptions of one server together."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from ledger.log import Log

SECONDS = 0.1
"""Between two looks at the ledger's head, to which other processes may append."""
THREADS = 4
"""Reads of subscriptions at once: requests, which wait for an answer, have the other threads."""

T = TypeVar("T")


class LedgerFeed:
    """A ``schema.following.Feed``. However many wait, one looks, and nobody while nobody waits."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._size = 0
        self._waiting = 0
        self._look: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(THREADS)

    async def grown(self, size: int) -> int:
        """Waits until the ledger has more than ``size`` entries; how many it has then."""
        self._waiting += 1
        try:
            while self._size <= size:
                if self._look is None or self._look.done():
                    self._look = asyncio.create_task(self._wait_for_more())
                await asyncio.shield(self._look)
            return self._size
        finally:
            self._waiting -= 1
            if not self._waiting and self._look is not None:
                self._look.cancel()
                self._look = None

    async def read(self, reading: Callable[[], T]) -> T:
        """What ``reading`` gives or raises. When cancelled, waits until it has ended: nothing may
        read stores that are being closed."""
        async with self._places:
            work = asyncio.ensure_future(run_in_threadpool(reading))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait([work])
                if not work.cancelled():
                    work.exception()  # Nobody is left to be told.
                raise

    async def _wait_for_more(self) -> None:
        while (size := (await self.read(self._log.head)).size) <= self._size:
            await asyncio.sleep(SECONDS)
        self._size = size
