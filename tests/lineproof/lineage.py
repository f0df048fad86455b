"""OpenLineage events, services that record them, and what the graph then says."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.ids import SequentialIds
from graph.memory import MemoryGraph
from graph.model import EdgeType, Node, NodeKind, node_id
from graph.port import GraphStore, NodeQuery
from ledger.log import Log
from lineproof.services import Services

RECORDED = Path(__file__).parent.parent / "golden" / "openlineage"
PARENT, RUN = (f"01941a6e-0c00-7000-8000-00000000000{n}" for n in (1, 2))
Event = dict[str, Any]


@contextmanager
def opened(folder: Path, graph: GraphStore | None = None) -> Generator[Services]:
    clock = FrozenClock(1_000)
    services = Services(
        log=Log.open(folder, clock=clock, background=False),
        graph=graph or MemoryGraph(),
        metrics=MetricTables.open(folder, clock=clock),
        clock=clock,
        ids=SequentialIds(),
        ledger_files=folder,
    )
    try:
        yield services
    finally:
        services.close()


def recorded(name: str) -> list[Event]:
    return [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text().splitlines()]


def event(kind: str, second: int, run: str = RUN, **more: Any) -> Event:
    return {
        "eventType": kind,
        "eventTime": f"2026-01-02T00:00:{second:02d}Z",
        "producer": "https://example.org/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": more.pop("facets", {})},
        "job": {"namespace": "etl", "name": more.pop("job", "clean")},
        **more,
    }


def table(name: str, **facets: Any) -> Event:
    return {"namespace": "s3://lake", "name": name, "facets": facets}


def run_of(services: Services, run: str = RUN) -> Node:
    services.catch_up()
    return services.graph.nodes([node_id(NodeKind.RUN, run)])[node_id(NodeKind.RUN, run)]


def edges(services: Services, node: str, kind: EdgeType) -> list[str]:
    """Names of what ``node`` points at."""
    services.catch_up()
    targets = [edge.target for edge in services.graph.outgoing([node], types=(kind,))[node]]
    nodes = services.graph.nodes(targets)
    return sorted(str(nodes[target].attributes["name"]) for target in targets)


def artifacts(services: Services, name: str) -> list[Node]:
    services.catch_up()
    found = services.graph.find(NodeQuery("default", NodeKind.ARTIFACT))
    return [node for node in found if node.attributes["name"] == name]
