"""Locks by name out of a fixed number: the same name always waits, different names seldom do."""

import threading
import zlib
from collections.abc import Collection, Generator
from contextlib import ExitStack, contextmanager

STRIPES = 256


class StripedLocks:
    """Mutual exclusion between the threads of one process. Not reentrant."""

    def __init__(self) -> None:
        self._stripes = tuple(threading.Lock() for _ in range(STRIPES))

    @contextmanager
    def hold(self, names: Collection[str]) -> Generator[None]:
        """Hold the locks of all ``names``; taken in one order, so that nobody waits in a ring."""
        wanted = sorted({zlib.crc32(name.encode()) % STRIPES for name in names})
        with ExitStack() as held:
            for stripe in wanted:
                held.enter_context(self._stripes[stripe])
            yield
