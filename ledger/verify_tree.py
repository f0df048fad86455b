"""Verification of the tree: entries against tiles, tiles against each other and the root.

Streams bundle by bundle. All that is kept is one row of hashes for each level.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from domain.errors import IntegrityError
from ledger import merkle, tiles
from ledger.reader import LogReader
from ledger.tiles import ENTRIES, TILE_WIDTH, Resource
from ledger.verify_report import MAX_FAULTS, VerifyReport

OnBundle: TypeAlias = Callable[[int, Sequence[bytes]], None]
"""Called with the first seq and the entries of each readable bundle, in order."""


class TreeCheck:
    """Folds every entry up to the root and holds each tile against what it must be."""

    def __init__(self, reader: LogReader, size: int, report: VerifyReport) -> None:
        self._reader = reader
        self._size = size
        self._report = report
        self._rows: list[list[bytes]] = [[]]
        self._done = 0
        self._suspects: list[tuple[int, Resource]] = []

    def run(self, root: bytes, on_bundle: OnBundle) -> None:
        """Check the whole tree against ``root``; faults go to the report."""
        for index in range(-(-self._size // TILE_WIDTH)):
            self._bundle(index, on_bundle)
        edge: list[bytes] = []
        for level in reversed(range(len(self._rows))):
            edge += merkle.extend(0, (), self._rows[level])[1]
        for level, row in enumerate(self._rows):
            if row and level:
                self._compare(level, self._size >> (8 * (level + 1)), row)
        self._report_suspects(root_holds=merkle.root(edge) == root)

    def _bundle(self, index: int, on_bundle: OnBundle) -> None:
        first = index * TILE_WIDTH
        width = tiles.width_at(ENTRIES, index, self._size)
        try:
            entries = self._reader.bundle(index, self._size)
        except IntegrityError as error:
            path = Resource(ENTRIES, index, width).path
            self._report.add(first, path, error.message)
            self._suspect(first, Resource(ENTRIES, index, width))
            hashes = self._tile(0, index) or [merkle.EMPTY_ROOT] * width
        else:
            hashes = merkle.leaf_hashes(entries)
            if self._compare(0, index, hashes):
                on_bundle(first, entries)
        self._done = first + width
        self._rows[0] = hashes
        if width == TILE_WIDTH:
            self._rows[0] = []
            self._push(1, merkle.perfect_root(hashes))

    def _push(self, level: int, node: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        row.append(node)
        if len(row) == TILE_WIDTH:
            self._compare(level, (self._done - 1) >> (8 * (level + 1)), row)
            self._rows[level] = []
            self._push(level + 1, merkle.perfect_root(row))

    def _compare(self, level: int, index: int, hashes: Sequence[bytes]) -> bool:
        recorded = self._tile(level, index)
        if recorded is None or recorded == hashes:
            return True
        span = TILE_WIDTH**level
        resource = Resource(level, index, len(hashes))
        for offset, (ours, theirs) in enumerate(zip(hashes, recorded, strict=True)):
            if ours != theirs:
                self._suspect(resource.first_leaf + offset * span, resource)
        return False

    def _suspect(self, start: int, resource: Resource) -> None:
        """Note where a fault may begin, unless one below explains it.

        No more than a report can hold: a file that is rubbish from end to end is found as fast, and
        in as little memory, as one that holds.
        """
        if len(self._suspects) >= MAX_FAULTS:
            return
        span = TILE_WIDTH ** max(resource.level, 0)
        if not any(start <= seq < start + span for seq, _ in self._suspects):
            self._suspects.append((start, resource))

    def _tile(self, level: int, index: int) -> list[bytes] | None:
        try:
            return self._reader.tile(level, index, self._size)
        except IntegrityError as error:
            resource = Resource(level, index, tiles.width_at(level, index, self._size))
            self._report.add(resource.first_leaf, resource.path, error.message)
            return None

    def _report_suspects(self, *, root_holds: bool) -> None:
        """Whether the root holds tells which of an entry and its leaf hash was changed."""
        for seq, resource in self._suspects:
            if resource.level == ENTRIES:
                continue
            if resource.level:
                self._report.add(seq, resource.path, "the tile is not that of the entries below")
            elif root_holds:
                self._report.add(seq, resource.path, f"the leaf hash of entry {seq} was changed")
            else:
                bundle = Resource(ENTRIES, resource.index, resource.width)
                self._report.add(seq, bundle.path, f"entry {seq} is not the one recorded")
        if not root_holds and not self._suspects:
            self._report.add(
                None, tiles.CHECKPOINT, "the entries do not lead to the root of the checkpoint"
            )
