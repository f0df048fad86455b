"""A file system one of whose calls goes wrong."""

import errno
import os
from pathlib import Path

from ledger.durable import OsFs


class Killed(BaseException):
    """The process ends here: nobody may catch this and go on."""


class FaultyFs(OsFs):
    """Fails its ``number``-th change, or dies before it; counts them."""

    def __init__(self, number: int = 0, fault: int | None = None) -> None:
        self.calls = 0
        self.failed: str | None = None
        self._number = number
        self._fault = fault

    def _count(self, call: str) -> None:
        self.calls += 1
        if self.calls == self._number:
            self.failed = call
            if self._fault is None:
                raise Killed
            raise OSError(self._fault, os.strerror(self._fault))

    def write(self, path: Path, data: bytes, mode: int) -> None:
        self._count("write")
        super().write(path, data, mode)

    def sync(self, path: Path) -> None:
        self._count("sync")
        super().sync(path)

    def rename(self, source: Path, target: Path) -> None:
        self._count("rename")
        super().rename(source, target)

    def make_folder(self, path: Path) -> None:
        self._count("make_folder")
        super().make_folder(path)

    def remove(self, path: Path) -> None:
        self._count("remove")
        super().remove(path)


FAULTS = (errno.EIO, errno.ENOSPC, None)
"""What may go wrong; None is a sudden death."""
