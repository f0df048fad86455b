"""Reading a tlog-tiles log, ours or a stranger's. Needs no database and no key.

Nothing read here is trusted before it has been held against a signed root; what cannot be right by
its form alone is an ``IntegrityError`` at once.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeAlias

from domain.errors import ErrorCode, IntegrityError, NotFoundError
from ledger import merkle, tiles
from ledger.durable import read_file
from ledger.merkle import Edge
from ledger.tiles import ENTRIES, TILE_HEIGHT, Resource

Fetch: TypeAlias = Callable[[str], bytes | None]
"""The bytes of a file by its path under the log's prefix; None when there is none."""


class LogReader:
    """The files under a log's prefix, wherever ``fetch`` finds them."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def checkpoint_text(self) -> str:
        """The checkpoint file, not yet verified; ``NotFoundError`` when there is none."""
        data = self._fetch(tiles.CHECKPOINT)
        if data is None:
            raise NotFoundError(
                "The ledger has no checkpoint.", hint="Is this the folder of a ledger?"
            )
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise IntegrityError(
                "The checkpoint is not UTF-8.", code=ErrorCode.CHECKPOINT_INVALID
            ) from error

    def bundle(self, index: int, size: int) -> list[bytes]:
        """The entries of a bundle as a tree of ``size`` has them."""
        width = tiles.width_at(ENTRIES, index, size)
        data, found = self._read(Resource(ENTRIES, index, width))
        return tiles.unpack_bundle(data, found)[:width]

    def tile(self, level: int, index: int, size: int) -> list[bytes]:
        """The hashes of a tile as a tree of ``size`` has them."""
        width = tiles.width_at(level, index, size)
        data, found = self._read(Resource(level, index, width))
        return tiles.split_tile(data, found)[:width]

    def edge(self, size: int) -> Edge:
        """The compact range of the tree of ``size``, from the partial tiles at its right."""
        parts: list[bytes] = []
        for resource in reversed(tiles.right_edge(size)):
            parts += merkle.extend(0, (), self.tile(resource.level, resource.index, size))[1]
        return tuple(parts)

    def inclusion_proof(self, index: int, size: int, *, published: int) -> list[bytes]:
        """RFC 9162 inclusion proof of an entry in the tree of ``size`` (<= ``published``)."""
        return merkle.inclusion_proof(index, size, self._subtree_at(published))

    def consistency_proof(self, old: int, new: int, *, published: int) -> list[bytes]:
        """RFC 9162 consistency proof between two trees, ``new`` <= ``published``."""
        return merkle.consistency_proof(old, new, self._subtree_at(published))

    def _subtree_at(self, size: int) -> merkle.Subtree:
        """For one proof, which asks for up to eight nodes of each tile: every tile is read once."""

        @cache
        def tile(level: int, index: int) -> list[bytes]:
            return self.tile(level, index, size)

        def subtree(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, TILE_HEIGHT)
            first = index << height
            hashes = tile(tile_level, first // tiles.TILE_WIDTH)
            offset = first % tiles.TILE_WIDTH
            return merkle.perfect_root(hashes[offset : offset + (1 << height)])

        return subtree

    def _read(self, resource: Resource) -> tuple[bytes, int]:
        """A resource's bytes and width: the full one stands in for a partial that was removed."""
        for candidate in (resource, resource.full):
            data = self._fetch(candidate.path)
            if data is not None:
                return data, candidate.width
        raise IntegrityError(
            f"The ledger's file {resource.path} is missing.",
            hint="Restore it from a backup or a mirror; nothing after it can be proven.",
            context={"path": resource.path, "seq": resource.first_leaf},
        )


class StaticReader(LogReader):
    """A log in a folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(lambda path: read_file(root / path))
        self._root = root

    @property
    def root(self) -> Path:
        """The folder that stands for the log's prefix."""
        return self._root
