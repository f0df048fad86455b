"""Making a large ledger in minutes: what years of appends leave, without the appends.

Entries, tiles, checkpoint and ``sequencer.db`` are put together by the ledger's own parts; nothing
is judged, grouped or synced. ``verify_folder`` holds every byte of it against all others, so that
what the ledger would not have written itself does not go unnoticed.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.ledger_table import entry_draft
from domain.clock import FrozenClock
from domain.ids import DEFAULT_PROJECT
from ledger import merkle, tiles
from ledger.checkpoint import sign_checkpoint
from ledger.durable import OsFs
from ledger.entry import encode
from ledger.folder import Paths, install_sequencer, read_signer
from ledger.log import Log
from ledger.manifest import parse_manifest
from ledger.merkle import Edge
from ledger.sequencer import Head, KeyRow
from ledger.tiles import CHECKPOINT, ENTRIES, TILE_WIDTH, Resource

AT = 1_700_000_000_000
_DIGITS = 12


def build_ledger(data: Path, size: int) -> None:
    """A ledger of ``size`` entries, all published."""
    Log.open(data, clock=FrozenClock(AT), background=False).close()
    paths = Paths(data)
    manifest = parse_manifest(paths.manifest.read_bytes())
    edge = _write_files(paths.static, size)
    signer = read_signer(paths, manifest)
    text = sign_checkpoint(manifest.origin, size, merkle.root(edge), signer).text
    (paths.static / CHECKPOINT).write_text(text)
    install_sequencer(paths, Head(size, edge, text, size, AT), _keys(size), OsFs())


def _write_files(static: Path, size: int) -> Edge:
    """Every bundle and tile; the edge of the tree."""
    template = _Template()
    rows: list[list[bytes]] = [[]]
    for first in range(0, size, TILE_WIDTH):
        entries = [template.entry(seq) for seq in range(first, min(first + TILE_WIDTH, size))]
        bundle = Resource(ENTRIES, first // TILE_WIDTH, len(entries))
        _write(static, bundle, tiles.pack_bundle(entries))
        rows[0] = merkle.leaf_hashes(entries)
        level, done = 0, first + len(entries)
        while len(rows[level]) == TILE_WIDTH:
            tile = Resource(level, (done >> (8 * (level + 1))) - 1)
            _write(static, tile, tiles.join_tile(rows[level]))
            if level + 1 == len(rows):
                rows.append([])
            rows[level + 1].append(merkle.perfect_root(rows[level]))
            rows[level] = []
            level += 1
    for resource in tiles.right_edge(size):
        _write(static, resource, tiles.join_tile(rows[resource.level]))
    return tuple(root for row in reversed(rows) for root in merkle.extend(0, (), row)[1])


def _keys(size: int) -> Iterator[KeyRow]:
    template = _Template()
    for seq in range(size):
        yield seq, DEFAULT_PROJECT, template.key(seq), template.digest(seq)


class _Template:
    """An entry like those of real runs, of which only the key and the run's id change."""

    def __init__(self) -> None:
        content = encode(entry_draft(self.key(0)), lambda _: "")
        key = self.key(0).encode()
        self._recorded = content.recorded(AT).split(key)
        self._content = (content.before_at + content.after_at).split(key)

    def key(self, seq: int) -> str:
        return f"e{seq:0{_DIGITS - 1}}"

    def entry(self, seq: int) -> bytes:
        return self.key(seq).encode().join(self._recorded)

    def digest(self, seq: int) -> bytes:
        return hashlib.sha256(self.key(seq).encode().join(self._content)).digest()


def _write(static: Path, resource: Resource, data: bytes) -> None:
    path = static / resource.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
