"""Processes that append for ever, for whoever kills them; run by a ``ForkHost``."""

import logging
import os
import random
from pathlib import Path

import structlog

from domain.clock import SystemClock
from domain.errors import OverloadedError
from ledger.log import Log
from tests.ledger.builders import draft

BLOB_EVERY = 16
REPEAT_EVERY = 8


def write(data: str, name: str, acknowledged: str) -> None:
    """Append requests of 1 to 4 entries until we are killed; each acknowledgement is one line.

    Now and then a payload in a blob, a repetition of the last request, a publish on demand. The
    lines are written at once, so that a death leaves whole ones.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parent, rng = os.getppid(), random.Random(name)
    lines = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    log = Log.open(Path(data), clock=SystemClock())
    number = 0
    while os.getppid() == parent:
        count = rng.randint(1, 4)
        text = "x" * 20_000 if rng.randrange(BLOB_EVERY) == 0 else "x"
        keys = [f"{name}-{number}/{part}/{count}" for part in range(count)]
        drafts = [draft(key, payload={"key": key, "text": text}) for key in keys]
        for _ in range(2 if rng.randrange(REPEAT_EVERY) == 0 else 1):
            try:
                receipts = log.append(drafts)
            except OverloadedError:
                continue
            pairs = zip(receipts, keys, strict=True)
            os.write(lines, "".join(f"{r.seq} {key}\n" for r, key in pairs).encode())
        if rng.randrange(10) == 0:
            log.publish()
        number += 1
