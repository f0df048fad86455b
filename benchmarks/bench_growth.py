"""How comparing grows with the store: 1 run against 50 with causes, from 1,000 to 100,000 runs.

``python -m benchmarks.bench_growth [MOST] [SVG]`` fills the graph (SQLite), the metric tables and
the delta index with runs, and stops at each size to compare: facts, comparability, deltas, causes
and what other pairs of the store say of them. Beside it stands a scan of a DataFrame with one row
a run, the least that a tool without an index must do. Prints a table, then one JSON object; writes
the curve to SVG when it is given a file name.
"""

import json
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import structlog

from analytics.comparison import compare
from analytics.delta_index.index import DeltaIndex
from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.facts import gather_facts
from analytics.tables import MetricTables
from benchmarks.growth_curve import Point, curve
from benchmarks.interleaved import Row, as_json, interleaved, print_rows
from benchmarks.made_runs import ENTRIES, REPLICATES, apply, run_entries, run_id
from domain.clock import SystemClock
from domain.metric import Direction, MetricDefinition
from graph.sqlite.store import SqliteGraph

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
ROUNDS = 15
COMPARED = 50
OURS, ISOLATED = "comparison with causes", "pairs that differ in this alone"
SCAN = "peer: filter and mean over a DataFrame of runs"


def main() -> None:
    """Fill, measure at each size, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    most = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    sizes = [size for size in SIZES if size <= most]
    with tempfile.TemporaryDirectory() as folder:
        found = _grown(Path(folder), sizes)
    first, last = (rows[0].cpu_ms for rows in (found[sizes[0]], found[sizes[-1]]))
    growth = {
        "wall": found[sizes[-1]][0].p50_ms / found[sizes[0]][0].p50_ms,
        "cpu": last / first,
    }
    print(
        f"\n{sizes[-1] // sizes[0]} x the runs: {growth['wall']:.2f} x the wall time,"
        f" {growth['cpu']:.2f} x the CPU time"
    )
    points = [Point(size, row.name, row.cpu_ms) for size, rows in found.items() for row in rows]
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(curve(points), encoding="utf-8")
    rows = {size: as_json(each) for size, each in found.items()}
    print("\n" + json.dumps({"sizes": rows, "growth": growth}))


def _grown(folder: Path, sizes: list[int]) -> dict[int, list[Row]]:
    graph, tables = SqliteGraph(folder / "graph.db"), MetricTables.open(folder, clock=SystemClock())
    file = DeltaIndexFile(folder / "deltas.db")
    found: dict[int, list[Row]] = {}
    stands = 0
    for size in sizes:
        for projection in (graph, tables, file):
            apply(projection, run_entries(stands, size - stands), start=ENTRIES * stands)
        stands = size
        print(f"\n{size:,} runs")
        found[size] = interleaved(_works(graph, tables, DeltaIndex(file), size), ROUNDS)
        print_rows(found[size])
    tables.close()
    graph.close()
    return found


def _works(
    graph: SqliteGraph, tables: MetricTables, index: DeltaIndex, size: int
) -> dict[str, Callable[[], int]]:
    middle = size // 2 // (2 * REPLICATES) * 2 * REPLICATES
    baseline = [run_id(middle + number) for number in range(REPLICATES)]
    baseline += [run_id(middle + 2 * REPLICATES * n) for n in range(COMPARED - REPLICATES)]
    baseline = [run for run in baseline if int(run, 16) < size]
    baseline += [run_id(number) for number in range(COMPARED - len(baseline))]
    candidate = run_id(middle + REPLICATES)
    definitions = {"metric0": MetricDefinition("metric0", Direction.HIGHER)}
    table = pl.DataFrame({"run": [run_id(number) for number in range(size)]}).with_columns(
        metric0=pl.int_range(pl.len()) / size
    )

    def compared() -> int:
        as_of = ENTRIES * size
        facts = gather_facts(graph, tables, [*baseline, candidate], as_of=as_of)
        made = compare(
            facts[:-1], facts[-1:], definitions=definitions, criteria={}, graph=graph, as_of=as_of
        )
        return len(made.causes)

    def scanned() -> int:
        chosen = pl.col("run").is_in([*baseline, candidate])
        return table.filter(chosen).select("metric0").mean().height

    return {
        OURS: compared,
        ISOLATED: lambda: len(index.neighbours("default", candidate, as_of=ENTRIES * size)),
        SCAN: scanned,
    }


if __name__ == "__main__":
    main()
