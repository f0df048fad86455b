"""Having the ledger's checkpoints cosigned beside the requests."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import structlog

from domain.errors import LineproofError
from ledger.witnessing import Witnessing, read_witness_policy

SECONDS = 1.0

log = structlog.get_logger()


@contextmanager
def witnessing(data: Path) -> Generator[None]:
    """Show each new checkpoint to the ledger's witnesses until the block ends.

    Does nothing for a ledger without a ``witnesses.policy``. Raises ``UsageError``
    (CONFIG_INVALID) when that is malformed.
    """
    policy = read_witness_policy(data)
    if policy is None:
        yield
        return
    witnesses = Witnessing(data, policy)
    stopping = threading.Event()

    def ask() -> None:
        while not stopping.wait(SECONDS):
            try:
                witnesses.round()
            except LineproofError as error:
                log.error("checkpoint.not_cosigned", code=error.code, reason=error.message)

    thread = threading.Thread(target=ask, name="witnessing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        witnesses.close()
