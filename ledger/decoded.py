"""The newest entries as they were decoded last, since each projection reads each of them."""

from typing import Final

from ledger.blobs import Blobs
from ledger.entry import Entry, decode

SLOTS: Final = 1_024
LARGEST: Final = 4_096
"""Bytes of an entry that is kept; with a payload in a blob none is."""
_BLOB: Final = b'"payload_digest":'


class Decoded:
    """Thread-safe; at most ``SLOTS`` entries are held."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._slots: list[Entry | None] = [None] * SLOTS

    def entry(self, seq: int, data: bytes) -> Entry:
        """As ``entry.decode``; what is held is given only for the very same bytes."""
        held = self._slots[seq % SLOTS]
        if held is not None and held.seq == seq and held.data == data:
            return held
        entry = decode(seq, data, self._blobs.get)
        if len(data) <= LARGEST and _BLOB not in data:
            self._slots[seq % SLOTS] = entry
        return entry
