"""What is opened at its first use: loading Polars takes longer than answering most requests."""

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast


class Closeable(Protocol):
    """Something that is released in the end."""

    def close(self) -> None: ...


_Opened = TypeVar("_Opened", bound=Closeable)


def late(open_it: Callable[[], _Opened]) -> _Opened:
    """A stand-in for what ``open_it`` gives, which is called once, at the first use. Thread-safe.

    What ``open_it`` raises comes out of that use, and the next use tries again.
    """
    return cast("_Opened", _Late(open_it))


class _Late:
    def __init__(self, open_it: Callable[[], Closeable]) -> None:
        self._open_it = open_it
        self._lock = threading.Lock()
        self._opened: Closeable | None = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._opened is None:
                self._opened = self._open_it()
        return getattr(self._opened, name)

    def close(self) -> None:
        """Close what was opened; what never was is not opened for that."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
