"""Locks between processes of one host."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ledger.durable import typed_errors


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Hold the file's lock, alone among all processes and threads; waits for it."""
    with typed_errors():
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
