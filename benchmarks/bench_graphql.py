"""GraphQL in process: 1,000 runs with 5 fields, and a trivial query, beside bare Strawberry.

``python -m benchmarks.bench_graphql [ROUNDS]`` fills SQLite with 2,000 runs. Then, interleaved:
``runs(first: 1000)`` with five fields of each run through our schema, from the file; the same five
fields of 1,000 plain objects that are already in memory through a bare Strawberry schema; and
``__typename`` through both. Prints wall time, CPU time and memory delta, then one JSON object.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import strawberry

from analytics.tables import MetricTables
from benchmarks.interleaved import as_json, interleaved, print_rows, ratio
from benchmarks.made_runs import MadeStore, apply, run_entries
from domain.clock import SystemClock
from graph.sqlite.store import SqliteGraph
from schema.build import SCHEMA
from schema.context import request_context

RUNS = 1_000
FIELDS = "runId name status startTime leafIndex"
OURS, BARE = f"lineproof: {RUNS:,} runs, 5 fields", f"bare Strawberry: {RUNS:,} objects, 5 fields"
TRIVIAL, BARE_TRIVIAL = "lineproof: __typename", "bare Strawberry: __typename"


@strawberry.type
class Plain:
    """A run with nothing behind it."""

    run_id: str
    name: str
    status: str
    start_time: float
    leaf_index: float


@strawberry.type
class PlainQuery:
    """Everything that the bare schema can be asked."""

    @strawberry.field
    def runs(self) -> list[Plain]:
        return PLAIN


PLAIN = [
    Plain(
        run_id=f"{n:032x}",
        name=f"run {n}",
        status="FINISHED",
        start_time=float(n),
        leaf_index=float(3 * n),
    )
    for n in range(RUNS)
]
BARE_SCHEMA = strawberry.Schema(PlainQuery)


def main() -> None:
    """Fill, measure, print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        graph = SqliteGraph(Path(folder) / "graph.db")
        tables = MetricTables.open(Path(folder), clock=SystemClock())
        size = apply(graph, run_entries(0, 2 * RUNS))
        apply(tables, run_entries(0, 2 * RUNS))
        ports = MadeStore(graph, tables, None, size)
        rows = interleaved(_works(ports), rounds)
        tables.close()
        graph.close()
    print_rows(rows)
    ratios = [ratio(rows, OURS, BARE), ratio(rows, TRIVIAL, BARE_TRIVIAL)]
    print("\n" + json.dumps({"rounds": rounds, "rows": as_json(rows), "ratios": ratios}))


def _works(ports: MadeStore) -> dict[str, Callable[[], int]]:
    def ours(query: str) -> Any:
        context = request_context(ports, project="default", request_id="bench")
        return asyncio.run(SCHEMA.execute(query, context_value=context))

    def bare(query: str) -> Any:
        return asyncio.run(BARE_SCHEMA.execute(query))

    return {
        OURS: lambda: _runs(ours(f"{{ runs(first: {RUNS}) {{ nodes {{ {FIELDS} }} }} }}")),
        BARE: lambda: _runs(bare(f"{{ runs {{ {FIELDS} }} }}")),
        TRIVIAL: lambda: len(ours("{ __typename }").data),
        BARE_TRIVIAL: lambda: len(bare("{ __typename }").data),
    }


def _runs(result: Any) -> int:
    if result.errors:
        raise SystemExit(f"the query failed: {result.errors}")
    runs = result.data["runs"]
    return len(runs["nodes"] if isinstance(runs, dict) else runs)


if __name__ == "__main__":
    main()
