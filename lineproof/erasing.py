"""Erasing a subject from everything: its key in the ledger, and what was computed of its payloads.

The projections are made again from the ledger without what was erased. Their local files are
removed, not emptied, so that nothing of it lingers in free pages.
"""

import shutil

from domain.clock import Clock
from ledger.durable import typed_errors
from ledger.erasure import Erasure, erase_subject
from lineproof.settings import SQLITE, Settings
from lineproof.wiring import open_services

_FILES = ("graph.db", "deltas.db")
_SIDES = ("", "-wal", "-shm", "-journal")
_TABLES = "tables"


def erase(settings: Settings, subject: str, *, clock: Clock) -> Erasure:
    """Erase the subject, then rebuild every projection; asking again finishes what was begun.

    Raises ``ConflictError`` while another process uses the folder, ``NotFoundError`` for a subject
    that nothing is sealed under.
    """
    erasure = erase_subject(settings.data, subject, actor="", clock=clock)
    with typed_errors():
        for name in _FILES:
            for side in _SIDES:
                (settings.data / f"{name}{side}").unlink(missing_ok=True)
        shutil.rmtree(settings.data / _TABLES, ignore_errors=True)
    services = open_services(settings)
    try:
        if settings.graph != SQLITE:
            services.graph.reset()
        services.catch_up()
    finally:
        services.close()
    return erasure
