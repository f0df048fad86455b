"""The ledger's front door: append, read, publish, prove. Thread-safe; processes may share a folder.

An append is acknowledged when SQLite has committed it durably (``sequencer``). Up to 200 ms later
the publisher makes it part of the static files and of their signed checkpoint.
"""

import os
import threading
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from domain.canonical import JsonObject
from domain.clock import Clock
from domain.errors import (
    ErrorCode,
    IntegrityError,
    LineproofError,
    OverloadedError,
    StorageFullError,
    UsageError,
)
from ledger import merkle, tiles
from ledger.blobs import Blobs
from ledger.checkpoint import Checkpoint, HeadSigner
from ledger.decoded import Decoded
from ledger.dsse import sealed
from ledger.durable import Fs, FsyncFailed, OsFs
from ledger.entry import Draft, Entry, Receipt, encode
from ledger.folder import OpenFolder, check_folder, open_folder
from ledger.group_commit import GroupCommit
from ledger.lock import exclusive
from ledger.projection import Cursor
from ledger.proof import format_proof
from ledger.publisher import Publisher
from ledger.reader import StaticReader
from ledger.sealing import Sealer
from ledger.sequencer import Outcome, Sequencer, Unit
from ledger.witnessed import evidence_for

log = structlog.get_logger()

PUBLISH_SECONDS = 0.2
READ_AHEAD = 1_024
"""How many pending entries are fetched at once."""


class Log:
    """One ledger, opened by one process."""

    def __init__(self, folder: OpenFolder, clock: Clock, fs: Fs) -> None:
        """Use ``Log.open``."""
        paths = folder.paths
        self._folder = folder
        self._clock = clock
        self._log = log.bind()
        """Of the level in force now: finding that out anew is a tenth of an append."""
        self._ledger = folder.durable(paths.ledger, fs)
        self._static = folder.durable(paths.static, fs)
        self._blobs = Blobs(folder.durable(paths.blobs, fs))
        self._decoded = Decoded(self._blobs)
        self._sealer = Sealer(paths.keys)
        self._reader = StaticReader(paths.static)
        self._sequencer = Sequencer(paths.sequencer)
        self._publisher = Publisher(
            paths.publish_lock,
            self._static,
            self._sequencer,
            HeadSigner(self.origin, folder.signer),
        )
        self._writer = GroupCommit(self._commit)
        self._published = 0
        self._stopping = threading.Event()
        self._ticker: threading.Thread | None = None

    @classmethod
    def open(
        cls,
        data: Path,
        *,
        clock: Clock,
        origin: str | None = None,
        background: bool = True,
        fs: Fs | None = None,
    ) -> "Log":
        """The ledger in the data folder, created on first use and recovered after a crash.

        ``origin`` names a new ledger for ever (default ``lineproof.local/ledger``). ``background``
        False publishes only on ``publish`` and ``close``. Raises ``IntegrityError`` when the folder
        contradicts itself, ``UsageError`` (CONFIG_INVALID) when it is another ledger's.
        """
        fs = fs or OsFs()
        folder = open_folder(data, origin, fs)
        try:
            opened = cls(folder, clock, fs)
        except LineproofError:
            os.close(folder.lock)
            raise
        try:
            opened._recover()
        except LineproofError:
            opened._release()
            raise
        if background:
            opened._start_ticker()
        return opened

    @property
    def origin(self) -> str:
        """The log's name, the first line of its checkpoints."""
        return self._folder.manifest.origin

    @property
    def vkey(self) -> str:
        """The verifier key of the current signer, as text."""
        return self._folder.signer.verifier.vkey

    @property
    def blobs(self) -> Blobs:
        """Payloads and files by their digest."""
        return self._blobs

    @property
    def sealer(self) -> Sealer:
        """What is erasable is sealed and opened by it."""
        return self._sealer

    @property
    def failure(self) -> LineproofError | None:
        """Why the ledger accepts nothing more (the process should end); None while all is well."""
        return self._writer.failure

    def append(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Record the drafts, all or none, in order; durable on return.

        A draft whose idempotency key is known with the same content gets the old seq. Raises
        ``ConflictError`` (IDEMPOTENCY_CONFLICT), ``UsageError`` (ENTRY_INVALID, ENTRY_TOO_LARGE),
        ``OverloadedError``, ``StorageFullError``; ``FsyncFailed`` is fatal to this process.
        """
        with self._fatal_errors():
            unit = [encode(self._sealed(draft), self._blobs.put) for draft in drafts]
        return self._writer.submit(unit) if unit else []

    def known_keys(self, project: str, keys: Collection[str]) -> set[str]:
        """Those of the project's idempotency keys that stand for an entry already."""
        return self._sequencer.known_keys(project, keys)

    def key_of(self, draft: Draft) -> str:
        """The idempotency key under which ``append`` records the draft.

        Raises ``UsageError`` (ERASED) for a subject that was erased.
        """
        return self._sealer.idem(draft) if draft.subject else draft.idem

    def head(self) -> Cursor:
        """Size and edge of everything committed, by any process."""
        head = self._sequencer.head()
        return Cursor(head.size, head.edge)

    def checkpoint(self) -> Checkpoint:
        """The last published checkpoint, its signature verified."""
        return self._verified(self._reader.checkpoint_text())

    def publish(self) -> Checkpoint:
        """Publish everything committed now; the checkpoint that covers it."""
        if self._writer.failure is not None:
            raise self._writer.failure
        with self._fatal_errors():
            checkpoint = self._verified(self._publisher.publish())
        self._published = max(self._published, checkpoint.size)
        return checkpoint

    def read(self, start: int, stop: int) -> Iterator[Entry]:
        """The committed entries in [start, stop), published or not; fewer when ``stop`` is beyond.

        A sealed payload is opened; one that was erased is shown as ``sealing.UNREADABLE``. Each
        published entry is held against its leaf hash, each payload against its digest:
        ``IntegrityError`` when they differ. The tree above is ``verify``'s and ``catch_up``'s.
        """
        for seq, data in self._raw(start, stop):
            try:
                yield self._sealer.open(self._decoded.entry(seq, data))
            except UsageError as error:
                raise _tampered(seq, error.message) from error

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaf hashes of the committed entries in [start, stop), from the entries' bytes."""
        return (merkle.leaf_hash(data) for _, data in self._raw(start, stop))

    def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """RFC 9162 proof that entry ``seq`` is in the tree of ``size``; publishes it when need be.

        ``UsageError`` when there is no such entry or tree.
        """
        self._require_published(size)
        return self._reader.inclusion_proof(seq, size, published=self._published)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """RFC 9162 proof that the tree of ``new`` extends ``old``'s; ``UsageError`` if not."""
        self._require_published(new)
        return self._reader.consistency_proof(old, new, published=self._published)

    def attest(self, payload_type: str, payload: bytes) -> JsonObject:
        """A DSSE envelope over ``payload``, signed by the log's current key."""
        return sealed(payload_type, payload, self._folder.signer)

    def prove(self, seq: int) -> str:
        """The text of a C2SP tlog-proof file for entry ``seq``.

        In the last checkpoint, or in the last one that a quorum of witnesses cosigned.
        """
        self._require_published(seq + 1)
        paths, manifest = self._folder.paths, self._folder.manifest
        checkpoint = evidence_for(seq, self.checkpoint(), paths, manifest)
        path = self._reader.inclusion_proof(seq, checkpoint.size, published=checkpoint.size)
        return format_proof(seq, path, checkpoint.text)

    def close(self) -> None:
        """Record what was accepted, publish it, let go of the folder."""
        self._stopping.set()
        if self._ticker is not None:
            self._ticker.join()
        self._writer.close()
        try:
            if self._writer.failure is None:
                self._publish_when_possible()
        finally:
            self._release()

    def _recover(self) -> None:
        """Check the folder, then publish what a crash left committed but not published."""
        paths = self._folder.paths
        with exclusive(paths.publish_lock):
            check_folder(paths, self._folder.manifest, self._sequencer)
        # SQLite has made its journal by now, and does not tell when the name failed to last.
        self._ledger.sync_folder_of(paths.sequencer.name)
        self._publish_when_possible()
        log.info("ledger.opened", origin=self.origin, size=self.head().size)

    def _publish_when_possible(self) -> None:
        """Publish; what is committed can wait for room on the disk or for another process."""
        try:
            self.publish()
        except (StorageFullError, OverloadedError) as error:
            log.warning("checkpoint.publish_deferred", reason=error.message)

    def _start_ticker(self) -> None:
        self._ticker = threading.Thread(target=self._tick, name="ledger-publisher", daemon=True)
        self._ticker.start()

    def _tick(self) -> None:
        while self._writer.failure is None and not self._stopping.wait(PUBLISH_SECONDS):
            try:
                head = self._sequencer.head()
                if head.published < head.size:
                    self.publish()
            except LineproofError as error:
                log.error("checkpoint.publish_failed", code=error.code, reason=error.message)

    def _release(self) -> None:
        self._writer.close()
        self._sequencer.close()
        os.close(self._folder.lock)

    @contextmanager
    def _fatal_errors(self) -> Generator[None]:
        """After a failed fsync or a contradiction in the files nothing more is acknowledged."""
        try:
            yield
        except (FsyncFailed, IntegrityError) as error:
            self._writer.fail(error)
            log.error("ledger.failed", code=error.code, reason=error.message)
            raise

    def _commit(self, units: Sequence[Unit]) -> Sequence[Outcome]:
        self._static.refuse_when_nearly_full()
        outcomes = self._sequencer.commit(units, self._clock.now_ms())
        self._log.debug("ledger.appended", requests=len(units), entries=sum(map(len, units)))
        return outcomes

    def _sealed(self, draft: Draft) -> Draft:
        return self._sealer.seal(draft) if draft.subject else draft

    def _verified(self, text: str) -> Checkpoint:
        return self._folder.manifest.open(text)

    def _raw(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The bytes of committed entries, from the static files as far as they are known to go.

        The publisher may move entries while we read: what is no longer pending is published, so
        an empty answer means looking at ``published`` again.
        """
        stop = min(stop, self._sequencer.head().size)
        seq = max(start, 0)
        while seq < stop:
            rows = self._static_rows(seq, stop) or self._pending_rows(seq, stop)
            if not rows:
                self._published = max(self._published, self._sequencer.head().published)
                if seq >= self._published:
                    raise _tampered(seq, "it is neither pending nor published.")
            yield from rows
            seq += len(rows)

    def _static_rows(self, seq: int, stop: int) -> list[tuple[int, bytes]]:
        size = self._published
        if seq >= size:
            return []
        index, offset = divmod(seq, tiles.TILE_WIDTH)
        entries = self._reader.bundle(index, size)
        hashes = self._reader.tile(0, index, size)
        first = seq - offset
        rows = list(enumerate(entries, first))[offset : stop - first]
        for number, data in rows:
            if merkle.leaf_hash(data) != hashes[number - first]:
                raise _tampered(number, "its bytes are not those of its leaf hash.")
        return rows

    def _pending_rows(self, seq: int, stop: int) -> list[tuple[int, bytes]]:
        rows = self._sequencer.pending(seq, min(stop, seq + READ_AHEAD))
        return rows if rows and rows[0][0] == seq else []

    def _require_published(self, size: int) -> None:
        if size > self._published:
            self.publish()
        if size > self._published:
            raise UsageError(
                f"The ledger has {self._published} entries, not {size}.",
                hint="Ask for a position inside the checkpoint.",
            )


def _tampered(seq: int, why: str) -> IntegrityError:
    return IntegrityError(
        f"Entry {seq} cannot be trusted: {why}",
        code=ErrorCode.LEDGER_TAMPERED,
        hint="Run `lineproof ledger verify`, then restore from a backup.",
        context={"seq": seq},
    )
