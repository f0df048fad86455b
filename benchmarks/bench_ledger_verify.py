"""How fast a ledger is verified, beside the bare hashing of the same bytes in the same run.

``python -m benchmarks.bench_ledger_verify [ENTRIES]`` builds a ledger of that many entries (default
100,000; 10,000,000 need 7 GB and half an hour) in a temporary folder, then measures, each in turn:

- floor: hashlib over the same entries, leaf and node hashes, nothing else read or compared
- verify, static: every file under the log's prefix, as an auditor with a pinned key does
- verify, folder: the same and sequencer, idempotency keys, blobs
- proofs: inclusion and consistency, read from the files and verified

The ledger is built by the real code, but for syncs of files: a temporary folder need not last.
Memory is what the work added to the process: it must not grow with ENTRIES.
"""

import random
import sys
import tempfile
from pathlib import Path

from benchmarks.ledger_table import compare, entry_draft, once, print_rows, quiet
from domain.clock import SystemClock
from ledger import merkle
from ledger.durable import OsFs
from ledger.log import Log
from ledger.reader import StaticReader
from ledger.verify import verify_folder, verify_static

BATCH = 8_192
PUBLISH_EVERY = 16
"""Batches."""
PROOFS = 1_000


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "log"
        build = once(
            "build: append and publish, nothing synced", entries, lambda: _build(data, entries)
        )
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
        proofs = once("proofs of inclusion and consistency", 2 * PROOFS, lambda: _prove(data))
    print_rows(f"{entries:,} entries", [build, *rows, proofs], entries=entries)


class _Unsynced(OsFs):
    """Syncs nothing: tens of thousands of files would cost more than all the rest."""

    def sync(self, path: Path) -> None:
        pass


def _build(data: Path, entries: int) -> None:
    log = Log.open(data, clock=SystemClock(), background=False, fs=_Unsynced())
    for number, start in enumerate(range(0, entries, BATCH), 1):
        log.append([entry_draft(f"e{i}") for i in range(start, min(start + BATCH, entries))])
        if number % PUBLISH_EVERY == 0:
            log.publish()
    log.close()


def _vkey(data: Path) -> str:
    log = Log.open(data, clock=SystemClock(), background=False)
    log.close()
    return log.vkey


def _bare_hashing(static: Path, entries: int) -> None:
    reader = StaticReader(static)
    size, edge = 0, ()
    for index in range(-(-entries // 256)):
        leaves = merkle.leaf_hashes(reader.bundle(index, entries))
        size, edge = merkle.extend(size, edge, leaves)
    if size != entries:
        raise SystemExit("the floor did not hash every entry")


def _prove(data: Path) -> None:
    """Of entries all over the tree; what does not hold raises."""
    log = Log.open(data, clock=SystemClock(), background=False)
    checkpoint, rng = log.checkpoint(), random.Random(1)
    for _ in range(PROOFS):
        seq = rng.randrange(checkpoint.size)
        leaf = next(iter(log.leaves(seq, seq + 1)))
        path = log.inclusion_proof(seq, checkpoint.size)
        merkle.verify_inclusion(seq, checkpoint.size, leaf, path, checkpoint.root)
        log.consistency_proof(seq + 1, checkpoint.size)
    log.close()


if __name__ == "__main__":
    main()
