"""How fast a ledger is verified, beside the bare hashing of the same bytes in the same run.

``python -m benchmarks.bench_ledger_verify [ENTRIES]`` builds a ledger of that many entries (default
100,000; 10,000,000 need 7 GB and an hour, most of it for the rounds) in a temporary folder, then
measures, each in turn:

- floor: hashlib over the same entries, leaf and node hashes, nothing else read or compared
- verify, static: every file under the log's prefix, as an auditor with a pinned key does
- verify, folder: the same and sequencer, idempotency keys, blobs
- proofs: inclusion and consistency, read from the files and verified

Memory is what the work added to the process: it must not grow with ENTRIES.
"""

import random
import sys
import tempfile
from pathlib import Path

from benchmarks.big_ledger import build_ledger
from benchmarks.ledger_table import compare, once, print_rows, quiet
from domain.clock import SystemClock
from ledger import merkle, tiles
from ledger.log import Log
from ledger.merkle import Edge
from ledger.reader import StaticReader
from ledger.verify import verify_folder, verify_static

EMPTY: Edge = ()
PROOFS = 1_000


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "log"
        build = once("build", entries, lambda: build_ledger(data, entries))
        vkey = _vkey(data)
        static = data / "ledger/static"
        rows = compare(
            entries,
            {
                "floor: hashlib, leaves and nodes": lambda: _bare_hashing(static, entries),
                "verify, static files": lambda: verify_static(static, vkey).raise_first(),
                "verify, whole folder": lambda: verify_folder(data).raise_first(),
            },
        )
        log = Log.open(data, clock=SystemClock(), background=False)
        proofs = [
            once("proofs of inclusion", PROOFS, lambda: _prove_inclusion(log)),
            once("proofs of consistency", PROOFS, lambda: _prove_consistency(log, static)),
        ]
        log.close()
    print_rows(f"{entries:,} entries", [build, *rows, *proofs], entries=entries)


def _vkey(data: Path) -> str:
    log = Log.open(data, clock=SystemClock(), background=False)
    log.close()
    return log.vkey


def _bare_hashing(static: Path, entries: int) -> None:
    reader = StaticReader(static)
    size, edge = 0, EMPTY
    for index in range(-(-entries // 256)):
        leaves = merkle.leaf_hashes(reader.bundle(index, entries))
        size, edge = merkle.extend(size, edge, leaves)
    if size != entries:
        raise SystemExit("the floor did not hash every entry")


def _prove_inclusion(log: Log) -> None:
    """Of entries all over the tree; what does not hold raises."""
    checkpoint, rng = log.checkpoint(), random.Random(1)
    for _ in range(PROOFS):
        seq = rng.randrange(checkpoint.size)
        leaf = next(iter(log.leaves(seq, seq + 1)))
        path = log.inclusion_proof(seq, checkpoint.size)
        merkle.verify_inclusion(seq, checkpoint.size, leaf, path, checkpoint.root)


def _prove_consistency(log: Log, static: Path) -> None:
    """From trees of all sizes; what does not hold raises."""
    checkpoint, rng, reader = log.checkpoint(), random.Random(1), StaticReader(static)
    for _ in range(PROOFS):
        old = rng.randrange(checkpoint.size) + 1
        root = _old_root(reader, old, checkpoint.size)
        path = log.consistency_proof(old, checkpoint.size)
        merkle.verify_consistency(old, checkpoint.size, root, checkpoint.root, path)


def _old_root(reader: StaticReader, old: int, size: int) -> bytes:
    """The root of the first ``old`` entries, from the tiles of the tree of ``size``."""
    edge: list[bytes] = []
    for part in reversed(tiles.right_edge(old)):
        hashes = reader.tile(part.level, part.index, size)[: part.width]
        edge += merkle.extend(0, (), hashes)[1]
    return merkle.root(edge)


if __name__ == "__main__":
    main()
