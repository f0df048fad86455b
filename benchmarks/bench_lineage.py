"""Ancestries in a graph of 100,000 nodes and 300,000 edges, beside the bare query and networkx.

``python -m benchmarks.bench_lineage [ROUNDS] [--neo4j]`` records 50,000 runs: each generates one
artifact and uses five recent ones. Then, interleaved:

- the ancestry of a typical run (100 nodes), whole: nodes with attributes, edges, distances; beside
  the bare recursive query for its keys
- everything upstream of the last run: the ids through the store, the bare recursive query, networkx
  in memory (which must load the graph first), and the whole subgraph with all attributes

Prints p50 of the wall time, CPU time and the largest memory delta of a call, ratios, then one JSON
object. With ``--neo4j`` a development Neo4j is started and asked the same.
"""

import itertools
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import networkx

from benchmarks.interleaved import as_json, interleaved, print_rows, ratio
from domain.canonical import JsonObject
from graph.model import LINEAGE
from graph.port import Direction, GraphStore
from graph.sqlite.store import SqliteGraph
from ledger.entry import Entry
from ledger.projection import Cursor
from telemetry.probe import measure

RUNS = 50_000
USES = 5
RECENT = 500
"""How far back a run looks for what it uses."""
TYPICAL = 100
BATCH = 2_000
WHOLE, EVERYTHING = "typical ancestry, whole", "everything upstream, ids"
KEYS = "typical ancestry, keys"

_BARE = """
    WITH RECURSIVE reach(key) AS (
        SELECT key FROM node WHERE id = ?
        UNION
        SELECT e.target FROM reach CROSS JOIN edge AS e ON e.source = reach.key
        WHERE +e.type IN ('USED', 'WAS_GENERATED_BY', 'WAS_DERIVED_FROM', 'WAS_INFORMED_BY'))
    SELECT key FROM reach
"""


def main() -> None:
    """Build, measure, print."""
    arguments = [each for each in sys.argv[1:] if each != "--neo4j"]
    rounds = int(arguments[0]) if arguments else 15
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.db"
        store = SqliteGraph(path)
        started = time.monotonic()
        _record(store)
        print(f"recorded {RUNS:,} runs into SQLite in {time.monotonic() - started:.1f} s")
        db = sqlite3.connect(path)
        typical = _typical(db)
        last = f"run:{_run_id(RUNS - 1)}"
        rows = interleaved(_works(store, db, typical, last), rounds)
        db.close()
        store.close()
    if "--neo4j" in sys.argv:
        with _neo4j() as other:
            started = time.monotonic()
            _record(other)
            print(f"recorded {RUNS:,} runs into Neo4j in {time.monotonic() - started:.1f} s")
            rows += interleaved(_store_works("neo4j", other, typical, last), min(rounds, 5))
    print_rows(rows)
    ratios = [
        ratio(rows, f"sqlite: {EVERYTHING}", f"bare CTE: {EVERYTHING}"),
        ratio(rows, f"sqlite: {EVERYTHING}", f"networkx: {EVERYTHING}"),
        ratio(rows, f"sqlite: {WHOLE}", f"bare CTE: {KEYS}"),
    ]
    print("\n" + json.dumps({"rounds": rounds, "rows": as_json(rows), "ratios": ratios}))


def _works(
    store: GraphStore, db: sqlite3.Connection, typical: str, last: str
) -> dict[str, Callable[[], int]]:
    with measure() as loading:
        graph = networkx.DiGraph(
            db.execute(
                "SELECT s.id, t.id FROM edge e JOIN node s ON s.key = e.source"
                " JOIN node t ON t.key = e.target WHERE e.type IN ('USED', 'WAS_GENERATED_BY')"
            ).fetchall()
        )
    print(f"networkx loads the edges in {loading.wall_seconds * 1000:.0f} ms")
    listed = _BARE.replace("SELECT key FROM reach", "SELECT id FROM reach JOIN node USING (key)")
    return {
        **_store_works("sqlite", store, typical, last),
        f"bare CTE: {KEYS}": lambda: len(db.execute(_BARE, (typical,)).fetchall()),
        "bare CTE: everything upstream, keys": lambda: len(db.execute(_BARE, (last,)).fetchall()),
        f"bare CTE: {EVERYTHING}": lambda: len(db.execute(listed, (last,)).fetchall()),
        f"networkx: {EVERYTHING}": lambda: len(networkx.descendants(graph, last)) + 1,
    }


def _store_works(
    name: str, store: GraphStore, typical: str, last: str
) -> dict[str, Callable[[], int]]:
    def whole(root: str) -> int:
        return len(store.closure([root], direction=Direction.UPSTREAM, types=LINEAGE).nodes)

    def ids(root: str) -> int:
        return len(store.reachable([root], direction=Direction.UPSTREAM, types=LINEAGE))

    return {
        f"{name}: {WHOLE}": lambda: whole(typical),
        f"{name}: {EVERYTHING}": lambda: ids(last),
        f"{name}: everything upstream, whole": lambda: whole(last),
    }


def _typical(db: sqlite3.Connection) -> str:
    """The first run with at least ``TYPICAL`` nodes upstream."""
    for number in range(RUNS):
        root = f"run:{_run_id(number)}"
        if len(db.execute(_BARE, (root,)).fetchall()) >= TYPICAL:
            return root
    raise SystemExit("no run has so many nodes upstream")


def _record(store: GraphStore) -> None:
    entries = _entries()
    seq = 0
    while batch := list(itertools.islice(entries, BATCH)):
        store.apply(batch, old=Cursor(seq), new=Cursor(seq + len(batch)))
        seq += len(batch)


def _entries() -> Iterator[Entry]:
    draw = random.Random(7)
    for number in range(RUNS):
        recent = range(max(0, number - RECENT), number)
        parents = sorted({draw.choice(recent) for _ in range(USES)} if recent else set())
        uses = [{**_model(each), "role": f"input{index}"} for index, each in enumerate(parents)]
        started: JsonObject = {
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
        generates = {"run_id": _run_id(number), "generates": [_model(number)]}
        yield _entry(2 * number, "run.started", started)
        yield _entry(2 * number + 1, "run.outputs_logged", generates)


def _entry(seq: int, kind: str, payload: Any) -> Entry:
    return Entry(seq, kind, "default", "", "bench", str(seq), 0, 1, payload, b"")


def _run_id(number: int) -> str:
    return f"{number:032x}"


def _model(number: int) -> dict[str, Any]:
    artifact = {
        "kind": "MODEL",
        "name": f"model{number}",
        "digest": f"{number:064x}",
        "algorithm": "sha256",
        "strength": "CONTENT",
    }
    return {"role": "model", "facet": "", "artifact": artifact}


@contextmanager
def _neo4j() -> Iterator[GraphStore]:
    from graph.neo4j.store import Neo4jGraph
    from tests.neo4j_server import neo4j_server

    with neo4j_server() as address:
        store = Neo4jGraph(address)
        store.reset()
        try:
            yield store
        finally:
            store.close()


if __name__ == "__main__":
    main()
