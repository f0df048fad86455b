"""The publisher: writes what is committed as tlog-tiles files, then signs the tree.

Under the lock of ``publish.lock``, for the entries from ``published`` to the committed size::

    1. read head, then the pending entries
    2. fold what is published and pending, and hold it against the committed edge
    3. make bundles and tiles durable
    4. sign the committed root and make the checkpoint durable, by rename: readers see the new tree
    5. mark published, keep the checkpoint, drop the pending rows it covers
    6. remove partial tiles whose full tile now stands

A crash between any two steps leaves a state from which the same steps start again: the files of
step 3 are rewritten with the same bytes. No second root is ever signed for a size: only what is
committed durably is signed, and a commit only ever extends the tree (ADR 14).
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import structlog

from domain.errors import ErrorCode, IntegrityError
from ledger import merkle, tiles
from ledger.durable import DurableFolder, read_file
from ledger.lock import exclusive
from ledger.merkle import Edge
from ledger.reader import StaticReader
from ledger.sequencer import Head, Sequencer
from ledger.tiles import ENTRIES, TILE_WIDTH, Resource
from ledger.tree_head import unverified_tree_head

log = structlog.get_logger()

BUNDLES_AT_ONCE = 64
"""How many bundles are built in memory before they are written; when there are no more than that,
they are read once, otherwise twice."""


SignHead: TypeAlias = Callable[[int, bytes], str]
"""``sign(size, root)`` gives the text of a checkpoint, the same for the same tree."""


class Publisher:
    """Brings the static files up to the sequencer. Thread-safe, and safe between processes."""

    def __init__(
        self, lock_path: Path, static: DurableFolder, sequencer: Sequencer, sign: SignHead
    ) -> None:
        self._lock_path = lock_path
        self._static = static
        self._reader = StaticReader(static.root)
        self._sequencer = sequencer
        self._sign = sign
        self._thread_lock = threading.Lock()

    def publish(self) -> str:
        """Publish everything committed now; the text of the checkpoint that covers it.

        Raises ``IntegrityError`` when the files do not lead to the committed root: nothing is
        signed over them then.
        """
        with self._thread_lock, exclusive(self._lock_path):
            head = self._sequencer.head()
            if head.published == head.size and self._stands(head.checkpoint):
                return head.checkpoint
            self._static.refuse_when_nearly_full()
            self._extend_files(head)
            checkpoint = self._signed(head)
            self._static.replace({tiles.CHECKPOINT: checkpoint.encode()})
            self._sequencer.mark_published(head.size, checkpoint)
            self._remove_superseded(head)
        log.debug("checkpoint.published", size=head.size, entries=head.size - head.published)
        return checkpoint

    def _stands(self, checkpoint: str) -> bool:
        """Cosignatures of witnesses may have joined it."""
        text = read_file(self._static.root / tiles.CHECKPOINT)
        return text is not None and text.startswith(checkpoint.encode())

    def _signed(self, head: Head) -> str:
        """The committed tree's checkpoint; the one that stands in the head may bear two keys."""
        if unverified_tree_head(head.checkpoint).size == head.size:
            return head.checkpoint
        return self._sign(head.size, head.root)

    def _extend_files(self, head: Head) -> None:
        """Make the bundles and tiles of the committed tree durable, once they lead to its root."""
        few = head.size - head.published <= BUNDLES_AT_ONCE * TILE_WIDTH
        growth = _Growth(self._reader, head.published)
        for entries in self._pending(head):
            growth.add(entries)
            if not few:
                growth.take_full()
        if growth.edge() != head.edge:
            raise _tampered("the files do not lead to the committed root", head.published)
        if not few:
            growth = _Growth(self._reader, head.published)
            for entries in self._pending(head):
                growth.add(entries)
                self._static.replace(growth.take_full())
        self._static.replace({**growth.take_full(), **growth.take_partial()})

    def _pending(self, head: Head) -> Iterator[list[bytes]]:
        """The unpublished entries, in chunks that end with a bundle or with the tree."""
        start = head.published
        while start < head.size:
            stop = min(start - start % TILE_WIDTH + BUNDLES_AT_ONCE * TILE_WIDTH, head.size)
            rows = self._sequencer.pending(start, stop)
            if [seq for seq, _ in rows] != list(range(start, stop)):
                raise _tampered("pending entries are missing", start)
            yield [entry for _, entry in rows]
            start = stop

    def _remove_superseded(self, head: Head) -> None:
        for level in range(ENTRIES, 8):
            old = head.published >> (8 * max(level, 0))
            new = head.size >> (8 * max(level, 0))
            if old % TILE_WIDTH and old // TILE_WIDTH < new // TILE_WIDTH:
                self._static.remove_tree(Resource(level, old // TILE_WIDTH).path + ".p")


class _Growth:
    """The tiles of a tree that grows from ``size``; ``full`` ones are ready to be written."""

    def __init__(self, reader: StaticReader, size: int) -> None:
        self.full: dict[str, bytes] = {}
        self._size = size
        self._rows: list[list[bytes]] = []
        level = 0
        while level == 0 or size >> (8 * level):
            index = (size >> (8 * level)) // TILE_WIDTH
            width = tiles.width_at(level, index, size)
            self._rows.append(reader.tile(level, index, size) if width else [])
            level += 1
        self._bundle = reader.bundle(size // TILE_WIDTH, size) if size % TILE_WIDTH else []
        if merkle.leaf_hashes(self._bundle) != self._rows[0]:
            raise _tampered("the last bundle disagrees with its tile", size - len(self._bundle))

    def add(self, entries: Sequence[bytes]) -> None:
        """Append entries; resources that fill up move to ``full``."""
        position = 0
        while position < len(entries):
            part = entries[position : position + TILE_WIDTH - len(self._bundle)]
            position += len(part)
            self._size += len(part)
            self._bundle += part
            self._rows[0] += merkle.leaf_hashes(part)
            if len(self._bundle) == TILE_WIDTH:
                bundle = Resource(ENTRIES, self._size // TILE_WIDTH - 1)
                self.full[bundle.path] = tiles.pack_bundle(self._bundle)
                self._bundle = []
                self._complete(0)

    def edge(self) -> Edge:
        """The edge of the tree: what each row's perfect subtrees have for roots, largest first."""
        return tuple(root for row in reversed(self._rows) for root in merkle.extend(0, (), row)[1])

    def take_full(self) -> dict[str, bytes]:
        """The full resources not yet taken, by path."""
        files, self.full = self.full, {}
        return files

    def take_partial(self) -> dict[str, bytes]:
        """The partial resources at the right edge, by path."""
        files = {
            resource.path: tiles.join_tile(self._rows[resource.level])
            for resource in tiles.right_edge(self._size)
        }
        if self._bundle:
            resource = Resource(ENTRIES, self._size // TILE_WIDTH, len(self._bundle))
            files[resource.path] = tiles.pack_bundle(self._bundle)
        return files

    def _complete(self, level: int) -> None:
        """The row of ``level`` is full: it becomes a tile, its root a hash of the level above."""
        row = self._rows[level]
        tile = Resource(level, (self._size >> (8 * (level + 1))) - 1)
        self.full[tile.path] = tiles.join_tile(row)
        self._rows[level] = []
        if level + 1 == len(self._rows):
            self._rows.append([])
        self._rows[level + 1].append(merkle.perfect_root(row))
        if len(self._rows[level + 1]) == TILE_WIDTH:
            self._complete(level + 1)


def _tampered(why: str, seq: int) -> IntegrityError:
    return IntegrityError(
        f"The ledger cannot be published: {why}.",
        code=ErrorCode.LEDGER_TAMPERED,
        hint="Run `lineproof ledger verify` to see which file was changed.",
        context={"seq": seq},
    )
