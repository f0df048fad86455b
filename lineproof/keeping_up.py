"""Work beside the requests: the first read after many writes need not wait long for the
projections, nor the first question for the modules that answer it."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from domain.errors import LineproofError
from lineproof.app import import_late

if TYPE_CHECKING:
    from lineproof.services import Services

SECONDS = 0.5
MANY = 250
"""Entries in that time that show writers at work, who need the processor more."""
BEHIND = 5_000
"""Entries by which the projections may fall behind them."""

log = structlog.get_logger()


@contextmanager
def keeping_up(services: "Services") -> Generator[None]:
    """Import what is imported late, then bring the projections up to the ledger every half second
    until the block ends; while many entries are written, only every ``BEHIND`` entries.

    A failure is logged and tried again: whoever reads meets it too, and gets it as a typed error.
    """
    stopping = threading.Event()

    def keep_up() -> None:
        import_late()
        seen = done = 0
        while not stopping.wait(SECONDS):
            try:
                size = services.log.head().size
                grown, seen = size - seen, size
                if grown > MANY and size - done < BEHIND:
                    continue
                done = services.catch_up()
                services.delta_index()
            except LineproofError as error:
                log.error("projection.catch_up_failed", code=error.code, reason=error.message)

    thread = threading.Thread(target=keep_up, name="keeping-up", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
