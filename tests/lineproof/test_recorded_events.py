"""Events that OpenLineage's own repository has of its integrations (dbt on Postgres and Snowflake,
Spark, the client, the proxy), at commit 8f02abfb of OpenLineage/OpenLineage (Apache-2.0).

Where a recording leaves a run's id open, it has one that is made of its job's name.
"""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.ids import SequentialIds
from graph.memory import MemoryGraph
from graph.model import EdgeType, NodeKind
from graph.port import NodeQuery
from ledger.log import Log
from lineproof.app import create_app
from lineproof.services import Services

GOLDEN = Path(__file__).parent.parent / "golden" / "openlineage" / "upstream.jsonl"
EVENTS: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
STATES = ("status", "start_time", "end_time", "name")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[[], tuple[Services, TestClient]]]:
    opened: list[Services] = []

    def make() -> tuple[Services, TestClient]:
        folder = tmp_path / str(len(opened))
        clock = FrozenClock(1_000)
        services = Services(
            log=Log.open(folder, clock=clock, background=False),
            graph=MemoryGraph(),
            metrics=MetricTables.open(folder, clock=clock),
            clock=clock,
            ids=SequentialIds(),
            ledger_files=folder,
        )
        opened.append(services)
        return services, TestClient(create_app(services), base_url="http://127.0.0.1")

    yield make
    for services in opened:
        services.close()


def send(http: TestClient, events: list[dict[str, Any]]) -> list[int]:
    """The entries that each of them added."""
    added: list[int] = []
    for event in events:
        answer = http.post("/api/v1/lineage", json=event)
        assert answer.status_code == 200, answer.text
        added.append(answer.json()["entries"])
    return added


def states(services: Services) -> dict[str, tuple[list[Any], list[Any], list[str]]]:
    """What is told of each run, and of what it has to do with."""
    services.catch_up()
    runs = services.graph.find(NodeQuery("default", NodeKind.RUN))
    types = (EdgeType.WAS_INFORMED_BY, EdgeType.EXECUTION_OF)
    edges = services.graph.outgoing([run.id for run in runs], types=types)
    return {
        run.id: (
            [run.attributes.get(name) for name in STATES],
            [(edge.type, edge.target) for edge in edges[run.id]],
            sorted(name for name in run.attributes if name.startswith("facets.")),
        )
        for run in runs
    }


def test_every_event_is_kept_whole_and_once(
    fresh: Callable[[], tuple[Services, TestClient]],
) -> None:
    services, http = fresh()
    assert 0 not in send(http, EVENTS)
    entries = services.log.read(0, services.log.head().size)
    kept = [json.loads(str(one.payload["event"])) for one in entries if "event" in one.payload]
    assert kept == EVENTS
    assert set(send(http, EVENTS[::-1])) == {0}
    assert "FAILED" in {str(state) for told in states(services).values() for state in told[0]}


@pytest.mark.parametrize("seed", range(3))
def test_any_order_tells_the_same_of_every_run(
    fresh: Callable[[], tuple[Services, TestClient]], seed: int
) -> None:
    (one, in_order), (other, shuffled) = fresh(), fresh()
    send(in_order, EVENTS)
    send(shuffled, random.Random(seed).sample(EVENTS, len(EVENTS)))
    assert states(other) == states(one)
