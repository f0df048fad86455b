"""The process that a fault is put into: one append with a blob, one publish, then one more append.

Its exit code says what it saw, so that it needs no system call to tell us.
"""

import logging
import os
import time
from pathlib import Path

import structlog

from domain.clock import SystemClock
from domain.errors import LineproofError
from ledger.durable import FsyncFailed
from ledger.log import Log
from tests.ledger.builders import draft

ENDED = 64
"""Added to every code below: the process came to its end."""
FIRST_ACKNOWLEDGED = 1
PUBLISHED = 2
SECOND_ACKNOWLEDGED = 4
REFUSED = 8
"""Some call failed with one of our errors."""
FATAL = 16
"""One of them was ``FsyncFailed``."""
TOO_LATE = 32
"""Something was acknowledged or published after that."""
FOREIGN = 128
"""Some call failed with an error that is not ours."""

FIRST = [
    draft("first/0/2", payload={"text": "x" * 20_000}),
    draft("first/1/2"),
]
SECOND = [draft("second/0/1")]


def run(data: str, ready: str, go: str) -> int:
    """Wait to be traced, then work."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seen = _Seen()
    _await_tracer(ready, go)
    log = seen.call(lambda: Log.open(Path(data), clock=SystemClock(), background=False))
    if log is None:
        return seen.code
    if seen.call(lambda: log.append(FIRST)):
        seen.code |= FIRST_ACKNOWLEDGED
    if seen.call(log.publish):
        seen.code |= PUBLISHED
    if seen.call(lambda: log.append(SECOND)):
        seen.code |= SECOND_ACKNOWLEDGED
    seen.call(log.close)
    return seen.code


class _Seen:
    """What became of the calls so far."""

    def __init__(self) -> None:
        self.code = ENDED

    def call(self, work):
        """The answer of ``work``; None when it failed, which is noted."""
        try:
            answer = work()
            self.code |= TOO_LATE if answer and self.code & FATAL else 0
            return answer
        except LineproofError as error:
            self.code |= REFUSED | (FATAL if isinstance(error, FsyncFailed) else 0)
        except Exception:  # noqa: BLE001 - the exit code tells
            self.code |= FOREIGN
        return None


def _await_tracer(ready: str, go: str) -> None:
    temporary = Path(f"{ready}.new")
    temporary.write_text(str(os.getpid()))
    temporary.rename(ready)
    while not Path(go).exists():
        time.sleep(0.001)
