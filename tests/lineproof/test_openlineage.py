"""OpenLineage through its door: recorded integrations, in any order, however often."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from domain.errors import OverloadedError
from domain.lineage_event import LINEAGE_EVENT_RECORDED
from domain.run import RUN_UPDATED
from graph.model import LINEAGE, EdgeType, NodeKind, node_id
from graph.port import Direction, NodeQuery
from ledger.entry import Draft, Receipt
from ledger.log import Log
from lineproof.app import create_app
from lineproof.lineage_events import LineageEvents
from lineproof.services import Services
from tests.lineproof.lineage import (
    PARENT,
    RUN,
    Event,
    artifacts,
    edges,
    event,
    opened,
    recorded,
    run_of,
    table,
)

HERE: Final[Any] = {"project": "default"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with opened(tmp_path) as services:
        yield services


@pytest.fixture
def http(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def send(http: TestClient) -> Callable[..., int]:
    def post(event: Event, project: str = "") -> int:
        answer = http.post(f"{project}/api/v1/lineage", json=event)
        assert answer.status_code == 200, answer.text
        return answer.json()["entries"]

    return post


def test_recorded_integrations_join_into_one_lineage(
    services: Services, send: Callable[..., int]
) -> None:
    for name in ("airflow", "spark", "dbt", "flink"):
        for one in recorded(name):
            send(one)
    (revenue,) = artifacts(services, "postgres://db:5432/shop.mart.revenue")
    upstream = services.graph.closure([revenue.id], direction=Direction.UPSTREAM, types=LINEAGE)
    names = {node.attributes["name"] for node in upstream.nodes}
    assert {
        "model.shop.revenue",
        "s3://lake/clean/orders",
        "clean_orders.execute_insert_into.clean_orders",
        "s3://lake/raw/orders",
        "daily.extract",
        "postgres://db:5432/shop.public.orders",
    } <= names
    assert "alerts" not in names


def test_known_facets_are_understood_and_all_are_kept(
    services: Services, send: Callable[..., int]
) -> None:
    for one in recorded("airflow") + recorded("spark") + recorded("dbt"):
        send(one)
    step = run_of(services, "01941a6e-0c00-7000-8000-0000000000b2")
    assert step.attributes["status"] == "FINISHED"
    assert edges(services, step.id, EdgeType.USED) == [
        "https://example.org/shop.git",
        "s3://lake/raw/orders",
        "s3://lake/ref/countries",
        "spark",
    ]
    (clean,) = artifacts(services, "s3://lake/clean/orders")
    assert clean.attributes["digest"] == "7"
    assert edges(services, clean.id, EdgeType.WAS_DERIVED_FROM) == ["s3://lake/raw/orders"]
    assert edges(services, step.id, EdgeType.WAS_INFORMED_BY) == ["clean_orders"]
    plan = json.loads(str(step.attributes["facets.spark.logicalPlan"]))
    assert plan == recorded("spark")[1]["run"]["facets"]["spark.logicalPlan"]
    counts = services.metrics.summaries([step.attributes["name"], step.id.partition(":")[2]])
    assert counts[step.id.partition(":")[2]]["clean/orders/rowCount"].last == 990
    model = run_of(services, "01941a6e-0c00-7000-8000-0000000000c2")
    assert model.attributes["tags.layer"] == "mart"
    jobs = services.graph.find(NodeQuery("default", NodeKind.JOB))
    job = next(node for node in jobs if node.attributes["name"] == "dbt/model.shop.revenue")
    assert edges(services, job.id, EdgeType.WAS_INFORMED_BY) == ["dbt/dbt-run-shop"]
    failed = run_of(services, "01941a6e-0c00-7000-8000-0000000000c3")
    assert failed.attributes["status"] == "FAILED"
    assert "1 null" in str(failed.attributes["facets.errorMessage"])


def test_the_whole_event_reads_back_from_the_ledger(
    services: Services, send: Callable[..., int]
) -> None:
    for one in recorded("spark"):
        send(one)
    entries = services.log.read(0, services.log.head().size)
    kept = [json.loads(str(e.payload["event"])) for e in entries if "event" in e.payload]
    assert kept == recorded("spark")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_any_order_comes_to_the_same_state(
    services: Services, send: Callable[..., int], order: tuple[int, ...]
) -> None:
    events = [
        event("START", 1, inputs=[table("a")]),
        event("RUNNING", 2),
        event("OTHER", 3, outputs=[table("b")]),
        event("COMPLETE", 4),
    ]
    for index in order:
        send(events[index])
    run = run_of(services)
    assert run.attributes["status"] == "FINISHED"
    assert run.attributes["start_time"] == 1767312001000
    assert run.attributes["end_time"] == 1767312004000
    assert edges(services, run.id, EdgeType.USED) == ["s3://lake/a"]
    (written,) = artifacts(services, "s3://lake/b")
    assert edges(services, written.id, EdgeType.WAS_GENERATED_BY) == ["clean"]


def test_a_repeated_event_appends_nothing(services: Services, send: Callable[..., int]) -> None:
    every = [one for name in ("airflow", "spark", "dbt", "flink") for one in recorded(name)]
    for one in every:
        assert send(one) > 0
    size = services.log.head().size
    assert [send(one) for one in reversed(every)] == [0] * len(every)
    assert services.log.head().size == size


def test_a_start_that_never_came_and_a_later_terminal_state(
    services: Services, send: Callable[..., int]
) -> None:
    send(event("FAIL", 5))
    assert run_of(services).attributes["status"] == "FAILED"
    send(event("COMPLETE", 4))
    assert run_of(services).attributes["status"] == "FAILED"
    send(event("ABORT", 6))
    assert run_of(services).attributes["status"] == "KILLED"


def test_a_chain_of_runs_over_one_table_is_no_cycle(
    services: Services, send: Callable[..., int]
) -> None:
    both = {"inputs": [table("t")], "outputs": [table("t")]}
    runs = [f"01941a6e-0c00-7000-8000-0000000000e{n}" for n in range(3)]
    for second, run in enumerate(runs):
        send(event("START", 2 * second, run, **both))
        send(event("COMPLETE", 2 * second + 1, run, **both))
    versions = artifacts(services, "s3://lake/t")
    assert [node.attributes["digest"] for node in versions if node.attributes["digest"]] == runs
    last = node_id(NodeKind.ARTIFACT, versions[-1].id.partition(":")[2])
    chain = services.graph.closure(
        [last], direction=Direction.UPSTREAM, types=(EdgeType.WAS_DERIVED_FROM,)
    )
    assert len(chain.nodes) == 4


def test_a_failed_run_writes_nothing_that_others_read(
    services: Services, send: Callable[..., int]
) -> None:
    send(event("COMPLETE", 1, PARENT, outputs=[table("t")]))
    broken = "01941a6e-0c00-7000-8000-0000000000e9"
    send(event("FAIL", 2, broken, outputs=[table("t")]))
    send(event("COMPLETE", 3, inputs=[table("t")]))
    run = run_of(services).id
    (edge,) = services.graph.outgoing([run], types=(EdgeType.USED,))[run]
    assert services.graph.nodes([edge.target])[edge.target].attributes["digest"] == PARENT


def test_what_is_stated_by_tag_decides(services: Services, send: Callable[..., int]) -> None:
    digest = "ab" * 32
    tags = [
        {"key": "lineproof.digest", "value": f"sha256:{digest}"},
        {"key": "lineproof.context", "value": "evaluation"},
    ]
    facets = {"tags": {"tags": [{"key": "lineproof.facet.eval_code", "value": "v1"}]}}
    send(event("COMPLETE", 1, facets=facets, inputs=[table("test", tags={"tags": tags})]))
    run = run_of(services).id
    used = services.graph.outgoing([run], types=(EdgeType.USED,))[run]
    by_role = {edge.role: edge for edge in used}
    assert by_role["evaluation"].facet == "EVAL_DATA"
    target = services.graph.nodes([by_role["evaluation"].target])[by_role["evaluation"].target]
    assert (target.attributes["digest"], target.attributes["strength"]) == (digest, "CONTENT")
    assert by_role["facet.eval_code"].facet == "EVAL_CODE"


def test_job_and_dataset_events_need_no_run(services: Services, send: Callable[..., int]) -> None:
    job = event(
        "START", 1, inputs=[table("a")], outputs=[table("b", version={"datasetVersion": "1"})]
    )
    del job["run"], job["eventType"]
    send(job)
    dataset = {**job, "dataset": table("c", documentation={"description": "x"})}
    del dataset["job"], dataset["inputs"], dataset["outputs"]
    send(dataset)
    (b,) = artifacts(services, "s3://lake/b")
    assert edges(services, b.id, EdgeType.WAS_DERIVED_FROM) == ["s3://lake/a"]
    assert "description" in str(artifacts(services, "s3://lake/c")[0].attributes)


def parent(run: str) -> dict[str, Any]:
    return {"parent": {"run": {"runId": run}, "job": {"namespace": "etl", "name": "daily"}}}


def test_cycles_and_foreign_runs_are_refused_and_write_nothing(
    http: TestClient, services: Services, send: Callable[..., int]
) -> None:
    version = {"version": {"datasetVersion": "1"}}
    send(
        event(
            "COMPLETE", 1, PARENT, inputs=[table("a", **version)], outputs=[table("b", **version)]
        )
    )
    send(event("START", 1, facets=parent(PARENT)))
    send(event("START", 1, "01941a6e-0c00-7000-8000-0000000000f1"), "/projects/other")
    size = services.log.head().size
    cases = [
        (event("START", 2, facets=parent(RUN)), "LINEAGE_CYCLE"),
        (event("START", 2, PARENT, facets=parent(RUN)), "LINEAGE_CYCLE"),
        (
            event("START", 2, inputs=[table("b", **version)], outputs=[table("a", **version)]),
            "LINEAGE_CYCLE",
        ),
        (
            event("START", 2, inputs=[table("x", **version)], outputs=[table("x", **version)]),
            "LINEAGE_CYCLE",
        ),
        (event("START", 2, "01941a6e-0c00-7000-8000-0000000000f1"), "NOT_FOUND"),
        (event("START", 2, facets=parent("01941a6e-0c00-7000-8000-0000000000f1")), "NOT_FOUND"),
        (event("START", 2, "../../etc"), "INVALID_ARGUMENT"),
        (event("BEGIN", 2), "INVALID_ARGUMENT"),
        ({**event("START", 2), "eventTime": "yesterday"}, "INVALID_ARGUMENT"),
        (event("START", 2, job="a\u202eb"), "INVALID_NAME"),
        (event("START", 2, inputs="a"), "INVALID_ARGUMENT"),
        ({"eventTime": "2026-01-02T00:00:00Z"}, "INVALID_ARGUMENT"),
    ]
    for body, code in cases:
        answer = http.post("/api/v1/lineage", json=body)
        assert answer.json()["code"] == code, (body, answer.text)
        assert 400 <= answer.status_code < 500
    assert services.log.head().size == size


def test_a_batch_says_what_was_refused(http: TestClient, services: Services) -> None:
    batch = [event("START", 1), event("BEGIN", 2), event("COMPLETE", 3)]
    answer = http.post("/api/v1/lineage/batch", json=batch).json()
    assert answer["status"] == "partial_success"
    assert answer["summary"] == {
        "received": 3,
        "successful": 2,
        "failed": 1,
        "retriable": 0,
        "non_retriable": 1,
    }
    assert answer["failed_events"][0]["index"] == 1
    assert run_of(services).attributes["status"] == "FINISHED"


def everything() -> list[Event]:
    return [one for name in ("airflow", "spark", "dbt", "flink") for one in recorded(name)]


def entries_of(services: Services) -> list[tuple[str, str, object]]:
    log = services.log
    return [(one.type, one.idem, one.payload) for one in log.read(0, log.head().size)]


@given(order=st.permutations(range(len(everything()))), data=st.data())
@settings(max_examples=6, deadline=None)
def test_a_batch_is_recorded_as_its_events_one_by_one(
    order: list[int], data: st.DataObject
) -> None:
    told = [everything()[index] for index in order]
    told.insert(data.draw(st.integers(0, len(told))), event("BEGIN", 1))
    told += data.draw(st.lists(st.sampled_from(told), max_size=3))
    cut = data.draw(st.integers(0, len(told)))
    with TemporaryDirectory() as folder, opened(Path(folder) / "a") as one_by_one:
        single = [one for body in told for one in LineageEvents(one_by_one).record([body], **HERE)]
        with opened(Path(folder) / "b") as services:
            together = LineageEvents(services)
            batch = together.record(told[:cut], **HERE) + together.record(told[cut:], **HERE)
            assert entries_of(services) == entries_of(one_by_one)
        assert [(one.entries, str(one.error)) for one in batch] == [
            (one.entries, str(one.error)) for one in single
        ]


def test_the_events_of_a_batch_are_one_unit_of_the_ledger(
    http: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    appended: list[int] = []
    append = services.log.append

    def counted(drafts: Sequence[Draft]) -> list[Receipt]:
        appended.append(len(drafts))
        return append(drafts)

    monkeypatch.setattr(services.log, "append", counted)
    both = {"inputs": [table("t")], "outputs": [table("t")]}
    batch = [event(kind, n, **both) for n, kind in enumerate(("START", "RUNNING", "COMPLETE"))]
    assert http.post("/api/v1/lineage/batch", json=batch).json()["status"] == "success"
    assert appended == [services.log.head().size]


def test_who_records_an_event_first_does_not_keep_the_others_out(
    http: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may record an event between the look at what is known and the append."""
    seen = event("START", 1, inputs=[table("t")])
    assert http.post("/api/v1/lineage", json=seen).status_code == 200
    writer = event("COMPLETE", 1, PARENT, outputs=[table("t")])
    assert http.post("/api/v1/lineage", json=writer).status_code == 200
    size = services.log.head().size
    monkeypatch.setattr(Log, "known_keys", lambda *_: set[str]())
    batch = [seen, event("COMPLETE", 2, outputs=[table("u")])]
    assert http.post("/api/v1/lineage/batch", json=batch).json()["status"] == "success"
    types = [one.type for one in services.log.read(size, services.log.head().size)]
    assert types == [LINEAGE_EVENT_RECORDED, RUN_UPDATED]
    (made,) = artifacts(services, "s3://lake/u")
    assert edges(services, made.id, EdgeType.WAS_DERIVED_FROM) == ["s3://lake/t"]


def test_a_repeated_event_does_not_put_back_what_was_changed_since(
    http: TestClient, services: Services, send: Callable[..., int]
) -> None:
    facets = {"tags": {"tags": [{"key": "stage", "value": "raw"}]}}
    send(event("START", 1, facets=facets))
    changed = {"run_id": RUN, "key": "stage", "value": "clean"}
    assert http.post("/api/2.0/mlflow/runs/set-tag", json=changed).status_code == 200
    assert send(event("START", 1, facets=facets)) == 0
    assert run_of(services).attributes["tags.stage"] == "clean"


def test_requests_at_once_record_each_event_once(services: Services) -> None:
    events = LineageEvents(services)
    told = [event("OTHER", n % 60, outputs=[table(f"t{n}")]) for n in range(40)]

    def client(number: int) -> int:
        mine = told[number * 5 :] + told[: number * 5]
        results = [one for n in range(0, 40, 4) for one in events.record(mine[n : n + 4], **HERE)]
        assert not any(one.error for one in results)
        return sum(one.entries for one in results)

    with ThreadPoolExecutor(8) as pool:
        added = sum(pool.map(client, range(8)))
    assert added == services.log.head().size
    assert len({idem for _, idem, _ in entries_of(services)}) == added
    assert len(artifacts(services, "s3://lake/t7")) == 1


def test_a_failure_is_told_to_every_request_and_the_next_goes_on(
    http: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> list[Receipt]:
        raise OverloadedError("too much", retry_after=1)

    with monkeypatch.context() as broken:
        broken.setattr(services.log, "append", full)
        assert http.post("/api/v1/lineage", json=event("START", 1)).status_code == 503
        answer = http.post("/api/v1/lineage/batch", json=[event("START", 1), event("BEGIN", 2)])
        assert answer.json()["summary"]["retriable"] == 1
        assert answer.json()["summary"]["non_retriable"] == 1
    assert services.log.head().size == 0
    assert http.post("/api/v1/lineage", json=event("START", 1)).json()["entries"] == 3


def test_a_large_event_is_taken_whole(send: Callable[..., int]) -> None:
    assert send(event("START", 1, facets={"spark.logicalPlan": {"plan": "x" * 500_000}}))


@pytest.mark.parametrize(
    "body",
    [
        b'{"eventTime": "2026-01-02T00:00:00Z", "eventTime": "x"}',
        b'{"eventTime": NaN}',
        b'{"a": 1} trailing',
        b"[" * 100 + b"]" * 100,
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"eventTime": "2026-01-02T00:00:00Z", "producer": "\\ud800"}',
        b"",
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(
    http: TestClient, services: Services, body: bytes
) -> None:
    for address in ("/api/v1/lineage", "/api/v1/lineage/batch"):
        answer = http.post(address, content=body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500
        assert answer.json()["code"] in ("MALFORMED", "TOO_COMPLEX")
    assert services.log.head().size == 0


def test_a_form_of_a_web_page_records_nothing(http: TestClient, services: Services) -> None:
    answer = http.post(
        "/api/v1/lineage",
        content=json.dumps(event("START", 1)),
        headers={"Content-Type": "text/plain"},
    )
    assert (answer.status_code, services.log.head().size) == (415, 0)
