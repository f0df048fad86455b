"""Ancestries in a graph of 100,000 nodes and 300,000 edges, beside the bare query and networkx.

``python -m benchmarks.bench_lineage [ROUNDS] [--neo4j]`` records 50,000 runs: each generates one
artifact and uses five recent ones. Then, interleaved:

- the ancestry of a typical run (100 nodes), 20 times ROUNDS: whole, which is nodes with attributes,
  edges and distances; its ids; beside the bare recursive query for its keys or ids
- everything upstream of the last run, ROUNDS times: its ids through the store, the bare recursive
  query, networkx in memory (which must load the graph first), and whole

Prints p50 of the wall time, CPU time and the largest memory delta of a call, ratios, then one JSON
object. With ``--neo4j`` a development Neo4j is started and asked the same beside bare Cypher, three
rounds at most. Wall times count there, since the CPU time is that of our side alone.
"""

import itertools
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import networkx

from benchmarks.interleaved import Row, as_json, interleaved, print_rows, ratio
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
CALLS = 20
"""Calls a round for the typical ancestry."""
NEO4J_ROUNDS = 3
ANCESTRY, EVERYTHING = "typical ancestry", "everything upstream"

_NETWORKX = f"networkx: {EVERYTHING}, ids"

_BARE = """
    WITH RECURSIVE reach(key) AS (
        SELECT key FROM node WHERE id = ?
        UNION
        SELECT e.target FROM reach CROSS JOIN edge AS e ON e.source = reach.key
        WHERE +e.type IN ('USED', 'WAS_GENERATED_BY', 'WAS_DERIVED_FROM', 'WAS_INFORMED_BY'))
    SELECT key FROM reach
"""
_BARE_IDS = _BARE.replace("SELECT key FROM reach", "SELECT id FROM reach JOIN node USING (key)")
_BARE_CYPHER = """
    MATCH (:Entity {id: $id})-[:USED|WAS_GENERATED_BY|WAS_DERIVED_FROM|WAS_INFORMED_BY*0..]->(m)
    WITH DISTINCT m RETURN collect(m.id)
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
        bare = {"keys": _bare(db, _BARE), "ids": _bare(db, _BARE_IDS)}
        rows = _rows(
            "sqlite", store, "bare CTE", bare, (typical, last), rounds, _networkx(db, last)
        )
        db.close()
        store.close()
    if "--neo4j" in sys.argv:
        rows += _neo4j_rows((typical, last), min(rounds, NEO4J_ROUNDS))
    print_rows(rows)
    pairs = [
        (f"sqlite: {ANCESTRY}, whole", f"bare CTE: {ANCESTRY}, keys"),
        (f"sqlite: {ANCESTRY}, ids", f"bare CTE: {ANCESTRY}, ids"),
        (f"sqlite: {EVERYTHING}, ids", f"bare CTE: {EVERYTHING}, ids"),
        (f"sqlite: {EVERYTHING}, ids", _NETWORKX),
    ]
    if "--neo4j" in sys.argv:
        pairs += [
            (f"neo4j: {what}, ids", f"bare Cypher: {what}, ids") for what in (ANCESTRY, EVERYTHING)
        ]
    ratios = [ratio(rows, ours, peer) for ours, peer in pairs]
    print("\n" + json.dumps({"rounds": rounds, "rows": as_json(rows), "ratios": ratios}))


def _rows(
    name: str,
    store: GraphStore,
    peer: str,
    bare: Mapping[str, Callable[[str], int]],
    roots: tuple[str, str],
    rounds: int,
    more: Mapping[str, Callable[[], int]],
) -> list[Row]:
    """The typical ancestry, then everything upstream: by ``store``, by ``peer``'s ``bare`` queries.

    ``more`` is measured beside everything upstream.
    """

    def whole(root: str) -> int:
        return len(store.closure([root], direction=Direction.UPSTREAM, types=LINEAGE).nodes)

    def ids(root: str) -> int:
        return len(store.reachable([root], direction=Direction.UPSTREAM, types=LINEAGE))

    def works(what: str, root: str) -> dict[str, Callable[[], int]]:
        return {
            f"{name}: {what}, whole": lambda: whole(root),
            f"{name}: {what}, ids": lambda: ids(root),
            **{f"{peer}: {what}, {part}": partial(ask, root) for part, ask in bare.items()},
        }

    typical, last = roots
    return [
        *interleaved(works(ANCESTRY, typical), rounds * CALLS),
        *interleaved({**works(EVERYTHING, last), **more}, rounds),
    ]


def _bare(db: sqlite3.Connection, query: str) -> Callable[[str], int]:
    return lambda root: len(db.execute(query, (root,)).fetchall())


def _networkx(db: sqlite3.Connection, last: str) -> dict[str, Callable[[], int]]:
    with measure() as loading:
        graph = networkx.DiGraph(
            db.execute(
                "SELECT s.id, t.id FROM edge e JOIN node s ON s.key = e.source"
                " JOIN node t ON t.key = e.target WHERE e.type IN ('USED', 'WAS_GENERATED_BY')"
            ).fetchall()
        )
    print(f"networkx loads the edges in {loading.wall_seconds * 1000:.0f} ms")
    return {_NETWORKX: lambda: len(networkx.descendants(graph, last)) + 1}


def _neo4j_rows(roots: tuple[str, str], rounds: int) -> list[Row]:
    from neo4j import GraphDatabase

    from graph.neo4j.store import Neo4jGraph
    from tests.neo4j_server import neo4j_server

    with (
        neo4j_server() as address,
        GraphDatabase.driver(address, notifications_min_severity="OFF") as driver,
    ):
        store = Neo4jGraph(address)
        started = time.monotonic()
        _record(store)
        print(f"recorded {RUNS:,} runs into Neo4j in {time.monotonic() - started:.1f} s")

        def bare(root: str) -> int:
            return len(driver.execute_query(_BARE_CYPHER, id=root).records[0][0])

        rows = _rows("neo4j", store, "bare Cypher", {"ids": bare}, roots, rounds, {})
        store.close()
    return rows


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


if __name__ == "__main__":
    main()
