"""Searches in the graph over 10,000 runs: SQLite beside Neo4j, the same questions in turns.

``python -m benchmarks.bench_graph_search [ROUNDS]`` applies the entries of 10,000 runs to both
stores (a development Neo4j is started), then asks each for the newest 100 runs of three kinds:
those of two parameters, which 20 runs have; one run by its name; and those of an experiment that
holds all, by start time. Prints wall time, CPU time of this process and memory delta, then one JSON
object.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.interleaved import as_json, interleaved, print_rows, ratio
from benchmarks.made_runs import apply, run_entries
from graph.model import NodeKind
from graph.neo4j.store import Neo4jGraph
from graph.port import Condition, GraphStore, NodeQuery, Operator, Order
from graph.sqlite.store import SqliteGraph
from tests.neo4j_server import neo4j_server

RUNS = 10_000
QUESTIONS = {
    "two parameters, 20 runs": {"params.pair": "77", "params.lr": "0.1"},
    "one name": {"name": "run 4711"},
    "all of an experiment": {"experiment_id": "1", "lifecycle": "active"},
}


def main() -> None:
    """Fill, measure, print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as folder, neo4j_server() as address:
        stores = {"SQLite": SqliteGraph(Path(folder) / "graph.db"), "Neo4j": Neo4jGraph(address)}
        for store in stores.values():
            store.reset()
            apply(store, run_entries(0, RUNS))
        rows = interleaved(
            {
                f"{name}: {question}": _search(store, values)
                for question, values in QUESTIONS.items()
                for name, store in stores.items()
            },
            rounds,
        )
        for store in stores.values():
            store.close()
    print_rows(rows)
    ratios = [ratio(rows, f"SQLite: {each}", f"Neo4j: {each}") for each in QUESTIONS]
    print("\n" + json.dumps({"rounds": rounds, "rows": as_json(rows), "ratios": ratios}))


def _search(store: GraphStore, values: dict[str, str]) -> Callable[[], int]:
    conditions = tuple(Condition(name, Operator.EQ, value) for name, value in values.items())
    query = NodeQuery("default", NodeKind.RUN, conditions, limit=100)
    order = [Order("start_time", descending=True)]
    return lambda: len(store.find_ids(query, order=order))


if __name__ == "__main__":
    main()
