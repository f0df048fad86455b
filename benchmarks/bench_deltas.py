"""Deltas over a whole store: 1,000 groups from the summaries, beside DuckDB over the points.

``python -m benchmarks.bench_deltas [GROUPS] [ROUNDS]`` makes GROUPS groups of 10 runs with 10
metrics of 100 steps each (1,000 groups: 10 M rows in the metric tables), every other one with other
training data than the one before. Then:

- once: the delta index is built; the summaries are rebuilt from the points by Polars, and the same
  by pandas
- interleaved: the delta of every pair of groups, from the index and the summaries, of a metric at a
  ledger position of which neither was asked for before; of the same metric at another position; and
  of both once more. Beside them DuckDB, which takes last values by step, group means and their
  differences over the points, in the same Parquet files

Prints p50 of the wall time, CPU time and the largest memory delta of a call, then one JSON object.
Needs the dependency group ``bench``.
"""

import gc
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import structlog

from analytics.delta import value_delta
from analytics.delta_index.index import DeltaIndex
from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.delta_lake import CursorTable
from analytics.metric_rows import OPTIONAL_COLUMNS, POINT_COLUMNS
from analytics.tables import MetricTables
from benchmarks.interleaved import Row, as_json, interleaved, print_rows, ratio
from benchmarks.made_runs import ENTRIES, REPLICATES, apply, cursor, run_entries, run_id
from domain.clock import SystemClock
from domain.metric import Direction, MetricDefinition
from telemetry.probe import measure

METRICS, STEPS, PARTS = 10, 100, 10

_DUCKDB = """
    WITH last AS (
        SELECT run, arg_max(value, step) AS value FROM read_parquet({files})
        WHERE key = '{key}' GROUP BY run),
    moments AS (
        SELECT r.pair, r.side, avg(value) AS mean, stddev_samp(value) AS sd, count(*) AS n
        FROM last JOIN '{runs}' r USING (run) GROUP BY r.pair, r.side)
    SELECT a.pair, b.mean - a.mean, sqrt(a.sd ** 2 / a.n + b.sd ** 2 / b.n)
    FROM moments a JOIN moments b ON a.pair = b.pair AND a.side = 0 AND b.side = 1
"""
NEW = "lineproof: all pairs, metric and position are new"
GROWN = "lineproof: all pairs, position is new"
AGAIN = "lineproof: all pairs, asked again"
DUCKDB = "duckdb: the same over the points"
POLARS, PANDAS = "lineproof (Polars): rebuild the summaries", "pandas: the same"


@dataclass
class Store:
    """The data folder under test and what the peers read."""

    folder: Path
    groups: int
    files: list[str]
    index: DeltaIndex
    tables: MetricTables
    size: int


def main() -> None:
    """Build, measure, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    groups = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rounds = min(int(sys.argv[2]) if len(sys.argv) > 2 else METRICS - 1, METRICS - 1)
    with tempfile.TemporaryDirectory() as folder:
        store, rebuilds = _built(Path(folder), groups)
        rows = rebuilds + interleaved(_works(store), rounds)
        store.tables.close()
    print_rows(rows)
    ratios = [
        ratio(rows, POLARS, PANDAS),
        ratio(rows, NEW, DUCKDB),
        ratio(rows, GROWN, DUCKDB),
        ratio(rows, AGAIN, DUCKDB),
    ]
    report = {"groups": groups, "rounds": rounds, "rows": as_json(rows), "ratios": ratios}
    print("\n" + json.dumps(report))


def _built(folder: Path, groups: int) -> tuple[Store, list[Row]]:
    runs = groups * REPLICATES
    file = DeltaIndexFile(folder / "deltas.db")
    started = time.perf_counter()
    size = apply(file, run_entries(0, runs))
    taken = time.perf_counter() - started
    print(f"delta index: {size:,} entries in {taken:.1f} s ({size / taken:,.0f}/s)")
    files = _write_points(folder, runs, size)
    rebuilt, tables = _once(POLARS, lambda: _rebuild(folder))
    summed, _ = _once(PANDAS, lambda: _pandas(files))
    return Store(folder, groups, files, DeltaIndex(file), tables, size), [rebuilt, summed]


def _write_points(folder: Path, runs: int, size: int) -> list[str]:
    """The points table up to ``size``, in parts; and which run stands on which side of a pair."""
    table = CursorTable(folder / "tables" / "metric_points", POINT_COLUMNS, OPTIONAL_COLUMNS)
    step = runs // PARTS
    for part in range(PARTS):
        numbers = pl.DataFrame({"number": range(part * step, (part + 1) * step)})
        rows = _points(numbers)
        stands, moves = (ENTRIES * step * each for each in (part, part + 1))
        table.append(rows, old=cursor(stands), new=cursor(moves))
    if ENTRIES * step * PARTS != size:
        raise SystemExit(f"GROUPS must be a multiple of {PARTS}")
    pl.DataFrame({"number": range(runs)}).select(
        run=pl.Series([run_id(number) for number in range(runs)]),
        pair=pl.col("number") // (2 * REPLICATES),
        side=pl.col("number") // REPLICATES % 2,
    ).write_parquet(folder / "runs.parquet")
    snapshot = table.snapshot()
    return [str(path) for path in sorted(snapshot.folder.glob("*.parquet"))]


def _points(numbers: pl.DataFrame) -> pl.DataFrame:
    keys = pl.DataFrame({"key": [f"metric{index}" for index in range(METRICS)]})
    steps = pl.DataFrame({"step": range(STEPS)})
    number = pl.col("number")
    value = 0.9 - 0.01 * (number // REPLICATES % 2) + (number * 7919 % 1000) / 100_000
    runs = numbers.with_columns(run=pl.Series([run_id(each) for each in numbers["number"]]))
    return (
        runs.join(keys, how="cross")
        .join(steps, how="cross")
        .select(
            "run",
            "key",
            "step",
            at=pl.col("step") * 1000,
            value=value + pl.col("step") / 10_000,
            seq=ENTRIES * number + 1,
            ordinal=pl.lit(0, dtype=pl.Int32),
            model_id=pl.lit(None, dtype=pl.String),
            dataset_name=pl.lit(None, dtype=pl.String),
            dataset_digest=pl.lit(None, dtype=pl.String),
        )
    )


def _once(name: str, work: Callable[[], Any]) -> tuple[Row, Any]:
    gc.collect()
    cpu = time.process_time()
    with measure() as m:
        made = work()
    cpu = (time.process_time() - cpu) * 1000
    wall = m.wall_seconds * 1000
    found = made if isinstance(made, int) else 0
    return Row(name, found, wall, wall, wall, cpu, m.memory_delta_bytes or 0), made


def _rebuild(folder: Path) -> MetricTables:
    """Open tables whose summaries are lost: they are derived from the points, and written."""
    tables = MetricTables.open(folder, clock=SystemClock())
    tables.flush()
    return tables


def _pandas(files: list[str]) -> int:
    wanted = ["run", "key", "step", "at", "value", "seq"]
    points = pd.concat([pd.read_parquet(file, columns=wanted) for file in files])
    points = points.sort_values(["run", "key", "step", "at", "value"])
    summed = points.groupby(["run", "key"], sort=False).agg(
        count=("value", "size"),
        first=("value", "first"),
        first_step=("step", "first"),
        first_at=("at", "first"),
        last=("value", "last"),
        last_step=("step", "last"),
        last_at=("at", "last"),
        min=("value", "min"),
        max=("value", "max"),
        mean=("value", "mean"),
        seq_first=("seq", "min"),
        seq=("seq", "max"),
    )
    return len(summed)


def _works(store: Store) -> dict[str, Callable[[], int]]:
    fresh = iter(range(METRICS))
    positions = iter(range(store.size, 0, -1))
    asked = ["metric0", store.size]

    def ask(*, metric: bool, position: bool) -> int:
        if metric:
            asked[0] = f"metric{next(fresh)}"
        if position:
            asked[1] = next(positions)
        return _deltas(store, str(asked[0]), int(asked[1]))

    runs = store.folder / "runs.parquet"
    return {
        NEW: lambda: ask(metric=True, position=True),
        GROWN: lambda: ask(metric=False, position=True),
        AGAIN: lambda: ask(metric=False, position=False),
        DUCKDB: lambda: len(
            duckdb.execute(_DUCKDB.format(files=store.files, key=asked[0], runs=runs)).fetchall()
        ),
    }


def _deltas(store: Store, metric: str, as_of: int) -> int:
    definition = MetricDefinition(metric, Direction.HIGHER)
    values = store.tables.last_values(metric, as_of=as_of)
    count = 0
    for first, *others in store.index.classes("default", "TRAIN_DATA", as_of=as_of):
        before = [value for run in first.run_ids if (value := values.get(run)) is not None]
        for other in others:
            after = [value for run in other.run_ids if (value := values.get(run)) is not None]
            value_delta(definition, before, after, "0.05", with_p=False)
            count += 1
    return count


if __name__ == "__main__":
    main()
