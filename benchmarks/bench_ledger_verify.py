"""How fast a ledger is verified, beside the bare hashing of the same bytes in the same run.

``python -m benchmarks.bench_ledger_verify [ENTRIES]`` builds a ledger of that many entries (default
100,000) in a temporary folder, then measures, each in turn, three times over:

- floor: hashlib over the same entries, leaf and node hashes, nothing else read or compared
- verify, static: every file under the log's prefix, as an auditor with a pinned key does
- verify, folder: the same and sequencer, idempotency keys, blobs

and, beside it, single durable appends against single commits of plain SQLite (WAL, FULL). Prints a
table, then one JSON object.
"""

import json
import logging
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from domain.clock import SystemClock
from ledger import merkle
from ledger.entry import Draft
from ledger.log import Log
from ledger.reader import StaticReader
from ledger.verify import verify_folder, verify_static
from telemetry.probe import measure

ROUNDS = 3
BATCH = 500
SINGLES = 1_000


@dataclass(frozen=True)
class Row:
    """The median of one line of the table."""

    name: str
    per_second: float
    seconds: float
    memory_delta_bytes: int | None
    method: str
    ratio: float | None
    """To the floor in the same run: above 1 is faster than it; None for no floor."""


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        vkey, build = _build(data / "log", entries)
        static = data / "log/ledger/static"
        rows = _compare(
            entries,
            {
                "floor: hashlib, leaves and nodes": lambda: _bare_hashing(static, entries),
                "verify, static files": lambda: verify_static(static, vkey).raise_first(),
                "verify, whole folder": lambda: verify_folder(data / "log").raise_first(),
            },
        )
        rows += _compare(
            SINGLES,
            {
                "floor: plain SQLite commits": lambda: _plain_commits(data),
                "single appends": lambda: _single_appends(data / "log"),
            },
        )
    _print(entries, build, rows)


def _build(data: Path, entries: int) -> tuple[str, Row]:
    with measure() as m:
        log = Log.open(data, clock=SystemClock())
        for start in range(0, entries, BATCH):
            log.append([_draft(f"e{i}") for i in range(start, min(start + BATCH, entries))])
        log.close()
    per_second = entries / m.wall_seconds
    name = f"append in batches of {BATCH}, and publish"
    return log.vkey, Row(name, per_second, m.wall_seconds, m.memory_delta_bytes, m.method, None)


def _draft(idem: str) -> Draft:
    payload = {
        "run_id": idem.rjust(32, "0"),
        "points": [
            {"key": f"metric_{k}", "step": k, "timestamp": 1_700_000_000_000, "value": "0.9485"}
            for k in range(2)
        ],
    }
    return Draft("metrics.logged", "default", "bench", "mlflow", idem, payload)


def _bare_hashing(static: Path, entries: int) -> None:
    reader = StaticReader(static)
    size, edge = 0, ()
    for index in range(-(-entries // 256)):
        leaves = merkle.leaf_hashes(reader.bundle(index, entries))
        size, edge = merkle.extend(size, edge, leaves)
    if size != entries:
        raise SystemExit("the floor did not hash every entry")


def _plain_commits(folder: Path) -> None:
    database = sqlite3.connect(folder / "plain.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, data BLOB)")
    for _ in range(SINGLES):
        database.execute("INSERT INTO entry (data) VALUES (?)", (b"x" * 400,))
    database.close()


def _single_appends(data: Path) -> None:
    log = Log.open(data, clock=SystemClock())
    start = log.head().size
    for number in range(SINGLES):
        log.append([_draft(f"single{start + number}")])
    log.close()


def _compare(count: int, works: dict[str, Callable[[], None]]) -> list[Row]:
    """Run each in turn, several rounds; the first is the floor of the others."""
    taken: dict[str, list[tuple[float, int | None, str]]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            with measure() as m:
                work()
            taken[name].append((m.wall_seconds, m.memory_delta_bytes, m.method))
    medians = {name: statistics.median(t[0] for t in times) for name, times in taken.items()}
    floor = next(iter(medians.values()))
    rows: list[Row] = []
    for name, seconds in medians.items():
        memory = [t[1] for t in taken[name] if t[1] is not None]
        method = taken[name][0][2]
        peak = max(memory) if memory else None
        rows.append(Row(name, count / seconds, seconds, peak, method, floor / seconds))
    return rows


def _print(entries: int, build: Row, rows: list[Row]) -> None:
    print(f"{entries:,} entries, medians of {ROUNDS} interleaved rounds\n")
    print(f"{'':42}{'per second':>12}{'seconds':>10}{'memory delta':>14}{'ratio':>8}")
    for row in [build, *rows]:
        delta = row.memory_delta_bytes
        memory = "?" if delta is None else f"{delta / 2**20:.1f} MiB"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"{row.name:42}{row.per_second:12,.0f}{row.seconds:10.2f}{memory:>14}{ratio:>8}")
    print("\n" + json.dumps({"entries": entries, "rows": [asdict(r) for r in [build, *rows]]}))


if __name__ == "__main__":
    main()
