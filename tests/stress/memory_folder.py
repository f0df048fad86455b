"""A folder in memory, where a sync costs nothing.

For tests that are about the order of calls and about what is found afterwards: a real disk would
only make them slow, and slower yet on a busy machine. Where there is no room in memory they take
the disk.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.durable import RESERVED_BYTES

_MEMORY = Path("/dev/shm")


def memory_root() -> Path | None:
    """Where folders in memory go; None for the usual place for temporary files."""
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return None
    status = os.statvfs(_MEMORY)
    return _MEMORY if status.f_bavail * status.f_frsize > 4 * RESERVED_BYTES else None


@pytest.fixture(name="tmp_path")
def memory_tmp_path() -> Iterator[Path]:
    """As pytest's, gone after the test."""
    with tempfile.TemporaryDirectory(prefix="lineproof-", dir=memory_root()) as folder:
        yield Path(folder)
