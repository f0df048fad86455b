"""Blobs whose bytes were hashed since their file last changed: a download hands out no others."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from domain.errors import IntegrityError
from ledger.blobs import Blobs, blob_fault

KEPT: Final = 10_000
"""Files whose last check is remembered."""


@dataclass(frozen=True, slots=True)
class CheckedBlobs:
    """Remembers size, time and inode of the files that were found whole. Thread-safe."""

    blobs: Blobs
    _whole: OrderedDict[Path, tuple[int, int, int]] = field(
        default_factory=OrderedDict[Path, tuple[int, int, int]]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def path(self, digest: str) -> Path:
        """The file of ``sha256:<hex>``; ``IntegrityError`` when it is missing or was changed."""
        path = self.blobs.path(digest)
        found = path.stat()
        state = (found.st_size, found.st_mtime_ns, found.st_ino)
        with self._lock:
            if self._whole.get(path) == state:
                self._whole.move_to_end(path)
                return path
        if blob_fault(path) is not None:
            raise IntegrityError(
                f"The stored bytes of {digest} were changed.",
                hint="Restore the blobs folder from a backup; the ledger holds only the digest.",
                context={"digest": digest},
            )
        with self._lock:
            self._whole[path] = state
            while len(self._whole) > KEPT:
                self._whole.popitem(last=False)
        return path
