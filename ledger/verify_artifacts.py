"""Verification of files that clients stored: whatever an entry says is stored must be there.

That their bytes are those of their name is checked for all blobs alike. Sealed entries are read as
long as their keys stand; of files that were erased nobody can say where they are.
"""

from collections.abc import Sequence

from domain.artifact import ARTIFACT_LOGGED
from domain.errors import LineproofError
from ledger.blobs import Blobs, blob_path
from ledger.durable import DurableFolder, OsFs
from ledger.entry import decode
from ledger.folder import Paths
from ledger.sealing import Sealer
from ledger.verify_report import VerifyReport

_MARK = f'"type":"{ARTIFACT_LOGGED}"'.encode()


class ArtifactCheck:
    """Looks for the blob of each file among the entries that go by."""

    def __init__(self, paths: Paths, report: VerifyReport) -> None:
        self._paths = paths
        self._report = report
        self._sealer = Sealer(paths.keys)
        self._blobs = Blobs(DurableFolder(paths.blobs, paths.staging, OsFs()))

    def on_bundle(self, first: int, entries: Sequence[bytes], together: bytes) -> None:
        """Look at the entries of one bundle, and at all of them ``together``."""
        if _MARK not in together:
            return
        for seq, entry in enumerate(entries, first):
            if _MARK in entry:
                self._look(seq, entry)

    def _look(self, seq: int, entry: bytes) -> None:
        try:
            recorded = self._sealer.open(decode(seq, entry, self._blobs.get))
            if recorded.type != ARTIFACT_LOGGED:
                return
            relative = blob_path(str(recorded.payload.get("blob") or recorded.payload["digest"]))
        except (LineproofError, KeyError):
            # Its form, its payload and its key are judged elsewhere.
            return
        if not (self._paths.blobs / relative).is_file():
            self._report.add(seq, f"blobs/{relative}", f"the file of entry {seq} is missing")
