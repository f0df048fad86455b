"""Verification of key rotations: what ``ledger.toml`` says must stand in the tree, no more.

The entry that hands over is the last one of the tree that both keys sign.
"""

from collections.abc import Sequence

from domain.errors import LineproofError
from ledger.entry import decode
from ledger.manifest import FILE, Manifest
from ledger.verify_report import VerifyReport

KEY_ROTATED = "ledger.key_rotated"
"""The type of the entry; its payload is ``{"rotation": <note>, "vkey": <new key>}``."""
_MARK = f'"type":"{KEY_ROTATED}"'.encode()


class KeyCheck:
    """Holds the rotations among the entries that go by against the manifest's."""

    def __init__(self, manifest: Manifest, report: VerifyReport, *, path: str = FILE) -> None:
        self._report = report
        self._path = path
        self._expected = {key.from_size - 1: key.rotation for key in manifest.keys if key.rotation}
        self._first = manifest.keys[0].from_size

    def on_bundle(self, first: int, entries: Sequence[bytes]) -> None:
        """Look at the entries of one bundle."""
        if not self._expected and _MARK not in b"".join(entries):
            return
        for seq, entry in enumerate(entries, first):
            expected = self._expected.get(seq)
            if expected is not None or _MARK in entry:
                self._compare(seq, entry, expected)

    def _compare(self, seq: int, entry: bytes, expected: str | None) -> None:
        if seq + 1 < self._first:
            return
        if _rotation(entry) == expected:
            self._expected.pop(seq, None)
        elif expected is not None:
            self._report.add(seq, self._path, f"entry {seq} does not hand the key over")
        else:
            self._report.add(
                seq, self._path, f"it does not name the key that entry {seq} hands over to"
            )

    def finish(self, size: int) -> None:
        """Rotations that the tree does not have."""
        for seq in sorted(self._expected):
            if seq >= size:
                self._report.add(None, self._path, "it names a key that no entry hands over to")


def _rotation(entry: bytes) -> str | None:
    """The rotation note of an entry; None for any other entry."""
    try:
        recorded = decode(0, entry, lambda _: b"null")
    except LineproofError:
        return None
    rotation = recorded.payload.get("rotation")
    return rotation if recorded.type == KEY_ROTATED and isinstance(rotation, str) else None
