"""Connections: one writer behind a lock, and as many readers as there are simultaneous reads."""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from domain.errors import BackendError, UsageError

_BUSY_SECONDS = 10.0


@contextmanager
def translated() -> Generator[None]:
    """Turn SQLite's errors into ``BackendError``, text it cannot hold into ``UsageError``."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise UsageError(
            "A text of the query holds a lone surrogate, which no stored text can hold.",
            hint="Send well-formed Unicode.",
        ) from error
    except sqlite3.Error as error:
        raise BackendError(
            f"The graph file cannot be used: {error}.",
            hint="Check the disk; the file is a projection and may be deleted and rebuilt.",
        ) from error


class Connections:
    """Opens ``path`` for one writer and several readers. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        with translated():
            self._writer = self._open()

    def prepare(self, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """Run ``prepare`` on the writer, outside any transaction; close everything if it fails."""
        try:
            with self._lock, translated():
                prepare(self._writer)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """A write transaction: committed when the block ends, rolled back when it raises."""
        with self._lock, translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """A read transaction: one snapshot for all queries of the block."""
        with translated():
            try:
                db = self._idle.pop()
            except IndexError:
                db = self._open()
                db.execute("PRAGMA query_only = ON")
            try:
                db.execute("BEGIN")
                yield db
            finally:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                if self._closed:
                    db.close()
                else:
                    self._idle.append(db)

    def close(self) -> None:
        """Close all connections; a read that is under way closes its own at its end."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -65536")
        return db
