"""Verification of what stands beside the static files: blobs, sequencer, keys."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from domain.errors import IntegrityError, LineproofError, UsageError
from ledger import merkle, tiles
from ledger.blobs import blob_fault, blob_path
from ledger.entry import content_of
from ledger.folder import Paths, continues
from ledger.lock import exclusive
from ledger.manifest import Manifest
from ledger.reader import StaticReader
from ledger.sequencer import Head, Sequencer
from ledger.signing import parse_signer
from ledger.verify_artifacts import ArtifactCheck
from ledger.verify_cosignatures import check_cosignatures
from ledger.verify_erasure import ErasureCheck
from ledger.verify_files import walk
from ledger.verify_report import VerifyReport
from ledger.witness_policy import WitnessPolicy
from ledger.witnessed import is_of_tree, witnessed_checkpoint

_DATABASE = "ledger/sequencer.db"


class StateCheck:
    """Holds blobs and sequencer against the entries that go by in the tree check."""

    def __init__(
        self,
        paths: Paths,
        manifest: Manifest,
        witnesses: WitnessPolicy | None,
        report: VerifyReport,
    ) -> None:
        self._paths = paths
        self._manifest = manifest
        self._witnesses = witnesses
        self._report = report
        self._erasure = ErasureCheck(paths, report)
        self._artifacts = ArtifactCheck(paths, report)
        self._sequencer = self._open_sequencer()
        # SQLite reads its own file beside us: it needs another core, not Python.
        self._beside = ThreadPoolExecutor(max_workers=1)
        self._damage = self._beside.submit(self._database_faults)

    def on_bundle(self, first: int, entries: Sequence[bytes]) -> None:
        """Check the blobs and the idempotency keys of published entries."""
        together = b"".join(entries)
        self._erasure.on_bundle(first, entries, together)
        self._artifacts.on_bundle(first, entries, together)
        digests: list[tuple[int, bytes]] = []
        for seq, entry in enumerate(entries, first):
            try:
                digest, blob = content_of(entry)
            except UsageError as error:
                self._report.add(seq, "ledger/static", error.message)
                continue
            digests.append((seq, digest))
            if blob is not None:
                self._check_blob(seq, blob)
        if self._sequencer is not None:
            self._check_keys(self._sequencer, first, first + len(entries), digests)

    def finish(self) -> None:
        """Check what is not tied to one published entry, and let go of the database."""
        self._check_blobs()
        self._check_key_file()
        self._beside.shutdown()
        if self._sequencer is not None:
            self._check_and_close(self._sequencer)
        self._erasure.finish()

    def _check_and_close(self, sequencer: Sequencer) -> None:
        try:
            with exclusive(self._paths.publish_lock):
                self._check_sequencer(sequencer)
        except LineproofError as error:
            self._report.add(None, _DATABASE, error.message)
        finally:
            sequencer.close()

    def _database_faults(self) -> list[str]:
        return [] if self._sequencer is None else self._sequencer.faults()

    def _open_sequencer(self) -> Sequencer | None:
        if not self._paths.sequencer.is_file():
            self._report.add(
                None,
                _DATABASE,
                "it is missing; `lineproof ledger recover` makes it again from the files",
            )
            return None
        try:
            return Sequencer(self._paths.sequencer)
        except LineproofError as error:
            self._report.add(None, _DATABASE, error.message)
            return None

    def _check_blob(self, seq: int, digest: str) -> None:
        try:
            relative = blob_path(digest)
        except IntegrityError as error:
            self._report.add(seq, "ledger/static", error.message)
            return
        if not (self._paths.blobs / relative).is_file():
            self._report.add(seq, f"blobs/{relative}", f"the payload of entry {seq} is missing")

    def _check_keys(
        self, sequencer: Sequencer, start: int, stop: int, expected: list[tuple[int, bytes]]
    ) -> None:
        try:
            recorded = sequencer.idem_digests(start, stop)
        except LineproofError as error:
            self._report.add(start, _DATABASE, error.message)
            return
        if recorded != expected:
            wrong = min(seq for seq, _ in set(expected).symmetric_difference(recorded))
            self._report.add(wrong, _DATABASE, "an idempotency key stands for other content")

    def _check_sequencer(self, sequencer: Sequencer) -> None:
        for fault in self._damage.result():
            self._report.add(None, _DATABASE, fault)
        if sequencer.torn():
            self._report.add(None, _DATABASE, "the file was cut")
        reader = StaticReader(self._paths.static)
        published = self._manifest.open(reader.checkpoint_text())
        self._check_witnessed(reader, published.size)
        head = sequencer.head()
        if not continues(head, self._manifest.open(head.checkpoint)):
            self._report.add(None, _DATABASE, "its head contradicts its own checkpoint")
        if not head.published <= published.size <= head.size:
            self._report.add(None, _DATABASE, "it was rolled back behind the published files")
            return
        self._check_pending(sequencer, head, published.size, reader)

    def _check_witnessed(self, reader: StaticReader, published: int) -> None:
        path = self._paths.witnessed.relative_to(self._paths.data).as_posix()
        try:
            witnessed = witnessed_checkpoint(self._paths, self._manifest)
            if witnessed is None:
                return
            if not is_of_tree(witnessed, reader, published):
                self._report.add(None, path, "it is not of the published tree")
            check_cosignatures(witnessed.text, path, self._manifest, self._witnesses, self._report)
        except IntegrityError as error:
            self._report.add(None, path, error.message)

    def _check_pending(
        self, sequencer: Sequencer, head: Head, published: int, reader: StaticReader
    ) -> None:
        size, edge = published, reader.edge(published)
        while size < head.size:
            rows = sequencer.pending(size, min(size + tiles.TILE_WIDTH, head.size))
            if not rows or [seq for seq, _ in rows] != list(range(size, size + len(rows))):
                self._report.add(size, _DATABASE, f"entry {size} was committed and is gone")
                return
            entries = [entry for _, entry in rows]
            self.on_bundle(size, entries)
            size, edge = merkle.extend(size, edge, map(merkle.leaf_hash, entries))
            self._report.pending += len(rows)
        if edge != head.edge:
            self._report.add(published, _DATABASE, "it does not continue the published tree")
        if sequencer.keys_beyond_head():
            self._report.add(None, _DATABASE, "idempotency keys stand for entries that are gone")

    def _check_blobs(self) -> None:
        for path in walk(self._paths.blobs):
            self._report.blobs += 1
            fault = blob_fault(path)
            if fault:
                relative = path.relative_to(self._paths.data).as_posix()
                self._report.add(None, relative, fault)

    def _check_key_file(self) -> None:
        path = self._paths.signing_key
        relative = path.relative_to(self._paths.data).as_posix()
        if not path.is_file():
            return
        text = path.read_bytes().decode("utf-8", "replace")
        try:
            signer = parse_signer(text)
        except UsageError as error:
            self._report.add(None, relative, error.message)
            return
        if signer.verifier not in self._manifest.verifiers or text != signer.key_file:
            self._report.add(
                None, relative, "the private key is not the ledger's as it was written"
            )
