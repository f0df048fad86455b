"""Deltas over a whole store: 1,000 groups from the summaries, beside DuckDB over the points.

``python -m benchmarks.bench_deltas [GROUPS] [ROUNDS]`` makes GROUPS groups of 10 runs with 10
metrics of 100 steps each (1,000 groups: 10 M metric rows), every other one with other training data
than the one before. Then, interleaved:

- Lineproof: the classes of the delta index and one exact delta for each pair, from summaries
- DuckDB: last values by step, group means and their differences, over the points in Parquet

and once: building the delta index, and common causes over the runs of 100 groups (1,000 runs).
Prints p50 of the wall time and the largest memory delta of a call, then one JSON object. Needs the
dependency group ``bench``.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from analytics.delta import value_delta
from analytics.delta_index.index import DeltaIndex
from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.shared_cause import common_causes
from analytics.summaries import MetricSummary, summarise
from domain.metric import Direction, MetricDefinition
from graph.sqlite.store import SqliteGraph
from ledger.entry import Entry
from ledger.projection import Cursor
from telemetry.probe import measure

RUNS, METRICS, STEPS, BATCH = 10, 10, 100, 2_000
COMMON_RUNS = 1_000

_DUCKDB = """
    WITH last AS (
        SELECT run, arg_max(value, step) AS value FROM '{points}'
        WHERE key = 'metric0' GROUP BY run),
    moments AS (
        SELECT r.pair, r.side, avg(value) AS mean, stddev_samp(value) AS sd, count(*) AS n
        FROM last JOIN '{runs}' r USING (run) GROUP BY r.pair, r.side)
    SELECT a.pair, b.mean - a.mean, sqrt(a.sd ** 2 / a.n + b.sd ** 2 / b.n)
    FROM moments a JOIN moments b ON a.pair = b.pair AND a.side = 0 AND b.side = 1
"""


def main() -> None:
    """Build, measure, print."""
    groups = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    with tempfile.TemporaryDirectory() as folder:
        rows = _bench(Path(folder), groups, rounds)
    print(f"\n{'':52}{'p50 ms':>10}{'memory delta':>15}")
    for row in rows:
        memory = f"{row['memory_delta_bytes'] / 2**20:.1f} MiB"
        print(f"{row['name']:52}{row['p50_ms']:10.1f}{memory:>15}")
    print("\n" + json.dumps({"groups": groups, "rounds": rounds, "rows": rows}))


def _bench(folder: Path, groups: int, rounds: int) -> list[dict[str, Any]]:
    entries = list(_entries(groups))
    file, graph = DeltaIndexFile(folder / "deltas.db"), SqliteGraph(folder / "graph.db")
    started = time.monotonic()
    _apply(file, entries)
    taken = time.monotonic() - started
    print(f"delta index: {len(entries):,} entries in {taken:.1f} s ({len(entries) / taken:,.0f}/s)")
    _apply(graph, entries[: 2 * COMMON_RUNS])
    index = DeltaIndex(file)
    summaries = _summaries(groups)
    _write_points(folder, groups)
    sql = _DUCKDB.format(points=folder / "points.parquet", runs=folder / "runs.parquet")
    runs = [_run_id(number) for number in range(min(COMMON_RUNS, groups * RUNS))]
    works: dict[str, Callable[[], int]] = {
        "lineproof: deltas of all pairs from summaries": lambda: _deltas(index, summaries),
        "duckdb: the same over the points": lambda: len(duckdb.sql(sql).fetchall()),
        f"lineproof: common causes over {len(runs):,} runs": lambda: _common(graph, runs),
    }
    found = {name: work() for name, work in works.items()}
    if len(set(list(found.values())[:2])) != 1:
        raise SystemExit(f"the two do not agree on the number of pairs: {found}")
    return _measured(works, rounds)


def _deltas(index: DeltaIndex, summaries: dict[str, MetricSummary]) -> int:
    definition = MetricDefinition("metric0", Direction.HIGHER)
    count = 0
    for first, *others in index.classes("default", "TRAIN_DATA", as_of=None):
        before = [summaries[run].last for run in first.run_ids]
        for other in others:
            after = [summaries[run].last for run in other.run_ids]
            value_delta(definition, before, after, "0.05", with_p=False)
            count += 1
    return count


def _common(graph: SqliteGraph, runs: list[str]) -> int:
    found = common_causes(
        graph,
        runs[::2],
        runs[1::2],
        replicate_keys=["seed"],
        as_of=None,
        max_nodes=100_000,
    )
    return len(found.causes)


def _entries(groups: int) -> Iterator[Entry]:
    for number in range(groups * RUNS):
        group = number // RUNS
        uses = [
            _data("training", "TRAIN_DATA", f"train{group % 2}"),
            _data("evaluation", "EVAL_DATA", "test"),
        ]
        params = {"pair": str(group // 2), "lr": "0.1", "depth": "6", "seed": str(number % RUNS)}
        started = {
            "run_id": _run_id(number),
            "experiment_id": "1",
            "name": f"run {number}",
            "user": "",
            "start_time": number,
            "tags": {},
            "uses": uses,
            "parent_run_id": "",
            "job": "",
        }
        logged = {
            "run_id": _run_id(number),
            "metrics": [],
            "params": params,
            "tags": {},
            "uses": [],
        }
        status = {"run_id": _run_id(number), "status": "FINISHED"}
        told = (("run.started", started), ("run.logged", logged), ("run.updated", status))
        for offset, (kind, payload) in enumerate(told):
            seq = 3 * number + offset
            yield Entry(seq, kind, "default", "", "bench", str(seq), 0, 1, payload, b"")


def _data(role: str, facet: str, digest: str) -> Any:
    artifact = {
        "kind": "DATASET",
        "name": role,
        "digest": digest,
        "algorithm": "sha256",
        "strength": "CONTENT",
    }
    return {"role": role, "facet": facet, "artifact": artifact}


def _apply(projection: Any, entries: list[Entry]) -> None:
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        projection.apply(batch, old=Cursor(start), new=Cursor(start + len(batch)))


def _value(number: int, step: int) -> float:
    return 0.9 - 0.01 * (number // RUNS % 2) + (number * 7919 % 1000) / 100_000 + step / 10_000


def _summaries(groups: int) -> dict[str, MetricSummary]:
    return {
        _run_id(number): summarise(
            "metric0", [(step, 0, _value(number, step)) for step in range(STEPS)], 0
        )
        for number in range(groups * RUNS)
    }


def _write_points(folder: Path, groups: int) -> None:
    runs = pl.DataFrame({"number": range(groups * RUNS)}).with_columns(
        run=pl.Series([_run_id(number) for number in range(groups * RUNS)]),
        pair=pl.col("number") // (2 * RUNS),
        side=pl.col("number") // RUNS % 2,
    )
    runs.write_parquet(folder / "runs.parquet")
    keys = pl.DataFrame({"key": [f"metric{index}" for index in range(METRICS)]}).lazy()
    steps = pl.DataFrame({"step": range(STEPS)}).lazy()
    value = (
        0.9
        - 0.01 * pl.col("side")
        + (pl.col("number") * 7919 % 1000) / 100_000
        + pl.col("step") / 10_000
    )
    points = runs.lazy().join(keys, how="cross").join(steps, how="cross")
    points.select("run", "key", "step", value=value).sink_parquet(folder / "points.parquet")


def _run_id(number: int) -> str:
    return f"{number:032x}"


def _measured(works: dict[str, Callable[[], int]], rounds: int) -> list[dict[str, Any]]:
    """Each in turn, ``rounds`` times."""
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            with measure() as m:
                work()
            taken[name].append((m.wall_seconds * 1000, m.memory_delta_bytes or 0))
    return [
        {
            "name": name,
            "p50_ms": sorted(wall for wall, _ in calls)[len(calls) // 2],
            "memory_delta_bytes": max(memory for _, memory in calls),
        }
        for name, calls in taken.items()
    ]


if __name__ == "__main__":
    main()
