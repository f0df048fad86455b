"""A name is one experiment's, whichever doors ask for it at once."""

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from starlette.testclient import TestClient

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.ids import SequentialIds
from graph.model import NodeKind
from graph.port import NodeQuery
from graph.sqlite.store import SqliteGraph
from ledger.log import Log
from lineproof.app import create_app
from lineproof.services import Services

NAMES = 25


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    clock = FrozenClock(1_000)
    opened = Services(
        log=Log.open(tmp_path, clock=clock, background=False),
        graph=SqliteGraph(tmp_path / "graph.db"),
        metrics=MetricTables.open(tmp_path, clock=clock),
        clock=clock,
        ids=SequentialIds(),
        ledger_files=tmp_path,
    )
    yield opened
    opened.close()


def event(number: int) -> dict[str, object]:
    return {
        "eventType": "START",
        "eventTime": "2026-01-02T00:00:00Z",
        "producer": "https://example.org/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.UUID(int=number + 1))},
        "job": {"namespace": f"name {number}", "name": "clean"},
    }


def test_mlflow_and_openlineage_make_one_experiment_of_one_name(services: Services) -> None:
    with TestClient(create_app(services), base_url="http://127.0.0.1") as http:
        together = Barrier(3)

        def create(number: int) -> int:
            together.wait()
            body = {"name": f"name {number}"}
            return http.post("/api/2.0/mlflow/experiments/create", json=body).status_code

        def rename(number: int) -> int:
            made = http.post("/api/2.0/mlflow/experiments/create", json={"name": f"old {number}"})
            body = {**made.json(), "new_name": f"name {number}"}
            together.wait()
            return http.post("/api/2.0/mlflow/experiments/update", json=body).status_code

        def tell(number: int) -> int:
            together.wait()
            return http.post("/api/v1/lineage", json=event(number)).status_code

        with ThreadPoolExecutor(3) as threads:
            for number in range(NAMES):
                asked = [threads.submit(one, number) for one in (create, rename, tell)]
                created, renamed, told = (one.result() for one in asked)
                assert told == 200, "an event takes the experiment that there is"
                assert {created, renamed} <= {200, 400}
        services.catch_up()
        found = services.graph.find(NodeQuery("default", NodeKind.EXPERIMENT))
        names = Counter(str(node.attributes["name"]) for node in found)
        assert {name: count for name, count in names.items() if count > 1} == {}
        assert {f"name {number}" for number in range(NAMES)} <= names.keys()
