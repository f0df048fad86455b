"""Rebuilding from the ledger, and what a quarantine covers: figures of design section 19.

``python -m benchmarks.bench_rebuild [RUNS]`` makes a real ledger of 3 entries a run (RUNS defaults
to 20,000; 333,334 make the million) and rebuilds each projection from zero: read, checked against
the committed tree, applied. Then one raw data version, from which 100,000 nodes descend, is put
under question: the quarantine's closure with its digest, and ``impact``, beside the bare recursive
query for the ids. Prints wall time, CPU time and memory delta, then one JSON object.
"""

import json
import logging
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import structlog

from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.tables import MetricTables
from benchmarks.interleaved import Row, as_json, interleaved, print_rows, ratio
from benchmarks.made_runs import ENTRIES, apply, dataset, numbered, run_entries, run_id, started
from domain.clock import SystemClock
from governance.closure import closure_of, descent_of, find_root
from graph.sqlite.store import SqliteGraph
from ledger.entry import Draft, Entry
from ledger.log import Log
from ledger.projection import Projection, rebuild
from telemetry.probe import measure

CHAIN, BATCH, MILLION = 50_000, 600, 1_000_000
CLOSURE, IMPACT, BARE = "quarantine closure", "impact: the nodes too", "bare CTE: the ids"

_BARE = """
    WITH RECURSIVE reach(key) AS (
        SELECT key FROM node WHERE id = ?
        UNION
        SELECT e.source FROM reach CROSS JOIN edge AS e ON e.target = reach.key
        WHERE +e.type IN ('USED', 'WAS_GENERATED_BY', 'WAS_DERIVED_FROM', 'WAS_INFORMED_BY'))
    SELECT id FROM reach JOIN node USING (key)
"""


def main() -> None:
    """Rebuild, quarantine, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        rebuilt = _rebuilds(Path(folder), runs)
        rows = _quarantine(Path(folder))
    print_rows([*rebuilt, *rows])
    cpu = rebuilt[0].cpu_ms / rebuilt[0].result * MILLION / 60_000
    wall = rebuilt[0].p50_ms / rebuilt[0].result * MILLION / 60_000
    print(f"a million entries at that rate, graph: {wall:.1f} min, {cpu:.1f} min of CPU time")
    ratios = [ratio(rows, CLOSURE, BARE)]
    report = {"runs": runs, "rows": as_json([*rebuilt, *rows]), "ratios": ratios}
    print("\n" + json.dumps(report | {"million_minutes": {"wall": wall, "cpu": cpu}}))


def _rebuilds(folder: Path, runs: int) -> list[Row]:
    log = Log.open(folder / "ledger", clock=SystemClock())
    drafts: list[Draft] = []
    for entry in run_entries(0, runs):
        drafts.append(Draft(entry.type, entry.project, "bench", "bench", entry.idem, entry.payload))
        if len(drafts) == BATCH:
            log.append(drafts)
            drafts = []
    if drafts:
        log.append(drafts)
    graph, deltas = SqliteGraph(folder / "graph.db"), DeltaIndexFile(folder / "deltas.db")
    tables = MetricTables.open(folder, clock=SystemClock())

    def metrics() -> None:
        rebuild(log, tables)
        tables.flush()

    rows = [
        _timed("rebuild: graph on SQLite", ENTRIES * runs, lambda: _again(log, graph)),
        _timed("rebuild: metric tables", ENTRIES * runs, metrics),
        _timed("rebuild: delta index", ENTRIES * runs, lambda: _again(log, deltas)),
    ]
    tables.close()
    graph.close()
    log.close()
    return rows


def _again(log: Log, projection: Projection) -> None:
    rebuild(log, projection)


def _timed(name: str, entries: int, work: Callable[[], None]) -> Row:
    cpu = time.process_time()
    with measure() as m:
        work()
    cpu = (time.process_time() - cpu) * 1000
    wall = m.wall_seconds * 1000
    print(f"{name}: {entries:,} entries, {entries / wall * 1000:,.0f}/s")
    return Row(name, entries, wall, wall, wall, cpu, m.memory_delta_bytes or 0)


def _quarantine(folder: Path) -> list[Row]:
    store = SqliteGraph(folder / "chain.db")
    size = apply(store, _chain())
    db = sqlite3.connect(folder / "chain.db")
    root = find_root(store, "default", "raw@raw", as_of=size)
    works: dict[str, Callable[[], int]] = {
        CLOSURE: lambda: closure_of(store, root, as_of=size)["count"],
        IMPACT: lambda: len(descent_of(store, root, as_of=size).nodes),
        BARE: lambda: len(db.execute(_BARE, (root,)).fetchall()),
    }
    rows = interleaved(works, 5)
    db.close()
    store.close()
    return rows


def _chain() -> Iterator[Entry]:
    """Runs that use what the run at half their number made; the first uses the raw data."""
    for number in range(CHAIN):
        use = dataset("input", "", f"made{(number - 1) // 2}", "made")
        raw: dict[str, Any] = dataset("input", "", "raw", "raw")
        made = dataset("output", "", f"made{number}", "made")
        yield from numbered(
            2 * number,
            ("run.started", started(number, [use if number else raw])),
            ("run.outputs_logged", {"run_id": run_id(number), "generates": [made]}),
        )


if __name__ == "__main__":
    main()
