"""Common cause over 1,000 runs, beside networkx and SciPy doing the same by hand.

``python -m benchmarks.bench_shared_cause [ROUNDS]`` records 40 pipelines: each makes a data set of
eight raw ones out of a pool of 100, and 25 training runs use it. Regressed are the runs whose data
descend from one raw file, ``raw7``, and 1 in 50 of the others. Then, interleaved: our ranking, from
SQLite; and for every node the set of runs that descend from it (networkx, loaded beforehand) with
Fisher's test on each (SciPy). Both must name ``raw7`` first. Prints wall time, CPU time and memory
delta, then one JSON object.
"""

import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx
from scipy import stats

from analytics.shared_cause import common_causes
from benchmarks.interleaved import as_json, interleaved, print_rows, ratio
from benchmarks.made_runs import apply, dataset, numbered, run_id, started
from graph.model import LINEAGE, NodeKind, node_id
from graph.port import Direction
from graph.sqlite.store import SqliteGraph
from ledger.entry import Entry

PIPELINES, TRAINED, RAW, POOL = 40, 25, 8, 100
PLANTED = "raw7"
OURS, PEER = "lineproof: common causes", "networkx and SciPy: the same"


def main() -> None:
    """Record, measure, print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteGraph(Path(folder) / "graph.db")
        sources = _sources()
        apply(store, _entries(sources))
        bad = _regressed(sources)
        runs = [run_id(PIPELINES + number) for number in range(PIPELINES * TRAINED)]
        good = [run for run in runs if run not in bad]
        graph = _loaded(store, runs)
        works = {
            OURS: lambda: _ours(store, sorted(bad), good),
            PEER: lambda: _peer(graph, sorted(bad), runs),
        }
        rows = interleaved(works, rounds)
        store.close()
    print(f"{len(bad)} of {len(runs)} runs regressed; found: hypotheses")
    print_rows(rows)
    ratios = [ratio(rows, OURS, PEER)]
    print("\n" + json.dumps({"rounds": rounds, "rows": as_json(rows), "ratios": ratios}))


def _sources() -> list[list[int]]:
    """The raw data of each pipeline."""
    draw = random.Random(11)
    return [sorted(draw.sample(range(POOL), RAW)) for _ in range(PIPELINES)]


def _regressed(sources: list[list[int]]) -> set[str]:
    raw = int(PLANTED.removeprefix("raw"))
    return {
        run_id(PIPELINES + number)
        for number in range(PIPELINES * TRAINED)
        if raw in sources[number // TRAINED] or number % 50 == 0
    }


def _entries(sources: list[list[int]]) -> Iterator[Entry]:
    seq = 0
    for number in range(PIPELINES + PIPELINES * TRAINED):
        pipeline = (number - PIPELINES) // TRAINED
        said: list[tuple[str, dict[str, Any]]]
        if number < PIPELINES:
            uses = [_version(f"raw{raw}", f"input{raw}") for raw in sources[number]]
            made = {"run_id": run_id(number), "generates": [_version(f"data{number}", "data")]}
            said = [("run.started", started(number, uses)), ("run.outputs_logged", made)]
        else:
            uses = [_version(f"data{pipeline}", "training"), _version("test", "evaluation")]
            said = [("run.started", started(number, uses))]
        yield from numbered(seq, *said)
        seq += len(said)


def _version(name: str, role: str) -> dict[str, Any]:
    return dataset(role, "", f"{name}v1", name)


def _loaded(store: SqliteGraph, runs: list[str]) -> Any:
    roots = [node_id(NodeKind.RUN, run) for run in runs]
    found = store.closure(roots, direction=Direction.UPSTREAM, types=LINEAGE)
    graph: Any = networkx.DiGraph([(edge.source, edge.target) for edge in found.edges])
    networkx.set_node_attributes(
        graph, {node.id: str(node.attributes.get("name", "")) for node in found.nodes}, "name"
    )
    return graph


def _ours(store: SqliteGraph, bad: list[str], good: list[str]) -> int:
    found = common_causes(store, bad, good, replicate_keys=["seed"], as_of=None, max_nodes=100_000)
    first = found.causes[0].node
    _check("" if first is None else str(first.attributes["name"]))
    return found.hypotheses


def _peer(graph: Any, bad: list[str], runs: list[str]) -> int:
    regressed = {node_id(NodeKind.RUN, run) for run in bad}
    everything = {node_id(NodeKind.RUN, run) for run in runs}
    tested: Any = stats.fisher_exact
    found: list[tuple[float, str]] = []
    for node in graph:
        if node not in everything:
            below = networkx.ancestors(graph, node) & everything
            hits = len(below & regressed)
            table = [
                [hits, len(regressed) - hits],
                [len(below) - hits, len(everything - regressed) - len(below) + hits],
            ]
            p = float(tested(table, alternative="greater").pvalue)
            found.append((p, graph.nodes[node]["name"]))
    _check(min(found)[1])
    return len(found)


def _check(name: str) -> None:
    if name != PLANTED:
        raise SystemExit(f"the planted cause was not found first, but {name!r}")


if __name__ == "__main__":
    main()
