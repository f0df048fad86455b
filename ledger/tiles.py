"""Names and bytes of tlog-tiles resources. https://c2sp.org/tlog-tiles

A tile holds up to 256 hashes: at level 0 leaf hashes, at level L + 1 the roots of full tiles of
level L. An entry bundle holds the entries of one level-0 tile, each after its uint16 length.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.errors import IntegrityError
from ledger.merkle import HASH_SIZE

TILE_WIDTH = 256
TILE_HEIGHT = 8
CHECKPOINT = "checkpoint"
ENTRIES = -1
"""The level that stands for entry bundles in a ``Resource``."""

_LENGTH = struct.Struct(">H")
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A tile (level 0 to 63) or an entry bundle (level ``ENTRIES``) of some width, 1 to 256."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Path under the log's prefix."""
        kind = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{_index_path(self.index)}{suffix}"

    @property
    def full(self) -> "Resource":
        """The full resource in the same place."""
        return Resource(self.level, self.index)

    @property
    def first_leaf(self) -> int:
        """The index of the first entry under it."""
        return self.index << TILE_HEIGHT * (max(self.level, 0) + 1)


def parse_path(path: str) -> Resource | None:
    """The resource that ``path`` names; None when it names none in the one allowed way."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind, digits, width = match.groups()
    index = int(digits.replace("x", "").replace("/", ""))
    level = ENTRIES if kind == "entries" else int(kind)
    resource = Resource(level, index, int(width) if width else TILE_WIDTH)
    return resource if resource.path == path and level < 64 else None


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes (or entries) the resource holds in a tree of ``size``; 0 when none."""
    total = size >> (TILE_HEIGHT * max(level, 0))
    return max(0, min(TILE_WIDTH, total - index * TILE_WIDTH))


def right_edge(size: int) -> list[Resource]:
    """The partial tile at the right of each level, lowest first; levels without one are left out.

    Their hashes, folded, are the edge of the tree: a tile of level L covers bits 8L to 8L + 7.
    """
    resources: list[Resource] = []
    level, total = 0, size
    while total:
        if total % TILE_WIDTH:
            resources.append(Resource(level, total // TILE_WIDTH, total % TILE_WIDTH))
        level, total = level + 1, total // TILE_WIDTH
    return resources


def resources(size: int) -> Iterator[Resource]:
    """Every bundle and tile in force in a tree of ``size``."""
    for level in range(ENTRIES, 64):
        total = size >> (TILE_HEIGHT * max(level, 0))
        for index in range(-(-total // TILE_WIDTH)):
            yield Resource(level, index, width_at(level, index, size))


def pack_bundle(entries: Iterable[bytes]) -> bytes:
    """The bytes of a bundle of ``entries``."""
    parts: list[bytes] = []
    for entry in entries:
        parts += (_LENGTH.pack(len(entry)), entry)
    return b"".join(parts)


def unpack_bundle(data: bytes, width: int) -> list[bytes]:
    """The ``width`` entries of a bundle; ``IntegrityError`` when the bytes hold another number."""
    entries: list[bytes] = []
    position, end = 0, len(data)
    while position + 2 <= end:
        start = position + 2
        position = start + (data[position] << 8 | data[position + 1])
        entries.append(data[start:position])
    if position != end or len(entries) != width:
        raise IntegrityError(f"The bundle does not hold exactly {width} whole entries.")
    return entries


def split_tile(data: bytes, width: int) -> list[bytes]:
    """The ``width`` hashes of a tile; ``IntegrityError`` when the bytes hold another number."""
    if len(data) != width * HASH_SIZE:
        raise IntegrityError(f"The tile does not hold exactly {width} hashes.")
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


def join_tile(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile."""
    return b"".join(hashes)


def _index_path(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
