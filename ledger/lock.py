"""Locks between processes of one host."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import ConflictError
from ledger.durable import typed_errors


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Hold the file's lock, alone among all processes and threads; waits for it."""
    descriptor = open_lock(path)
    try:
        with typed_errors():
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path) -> Generator[None]:
    """As ``exclusive``, but ``ConflictError`` at once when somebody else holds the lock."""
    descriptor = open_lock(path)
    try:
        if not try_exclusive(descriptor):
            raise ConflictError(
                "Another process uses this ledger.", hint="Stop it first, then ask again."
            )
        yield
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """A descriptor of the lock file, which is made when it is missing; nothing is held yet."""
    with typed_errors():
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def try_exclusive(descriptor: int) -> bool:
    """Take the lock unless somebody else holds it."""
    with typed_errors():
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def take_shared(descriptor: int) -> None:
    """Hold the lock together with others who share it; waits for it."""
    with typed_errors():
        fcntl.flock(descriptor, fcntl.LOCK_SH)


def let_go(descriptor: int) -> None:
    """Hold the lock no longer."""
    with typed_errors():
        fcntl.flock(descriptor, fcntl.LOCK_UN)
