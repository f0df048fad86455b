"""``lineproof serve`` on a disk that stops to confirm writes.

``python -m tests.stress.failing_server TRIGGER serve …``: once the file TRIGGER exists, the next
sync of a file fails, once.
"""

import errno
import sys
from pathlib import Path

from ledger.durable import OsFs
from lineproof.cli.main import main


class FailOnce:
    """Stands in for ``OsFs.sync``."""

    def __init__(self, trigger: Path) -> None:
        self._trigger = trigger
        self._sync = OsFs.sync

    def __call__(self, fs: OsFs, path: Path) -> None:
        if self._trigger.exists():
            self._trigger.unlink()
            raise OSError(errno.EIO, "injected")
        self._sync(fs, path)


if __name__ == "__main__":
    failing = FailOnce(Path(sys.argv[1]))
    OsFs.sync = lambda fs, path: failing(fs, path)  # type: ignore[method-assign]
    sys.exit(main(sys.argv[2:]))
