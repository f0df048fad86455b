"""MLflow's API over plain HTTP: what no client of MLflow's would send, and what it gets."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.errors import IntegrityError, OverloadedError, StorageFullError
from domain.ids import SequentialIds
from graph.memory import MemoryGraph
from ledger.log import Log
from lineproof.app import create_app
from lineproof.http import mlflow
from lineproof.http.mlflow_errors import error_answer
from lineproof.services import Services

API = "/api/2.0/mlflow/"
DOCS = Path(__file__).parent.parent.parent / "docs" / "reference" / "mlflow.md"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("data")
    clock = FrozenClock(1_000)
    opened = Services(
        log=Log.open(folder, clock=clock, background=False),
        graph=MemoryGraph(),
        metrics=MetricTables.open(folder, clock=clock),
        clock=clock,
        ids=SequentialIds(),
        ledger_files=folder,
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def http(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
        yield client


@pytest.fixture
def run_id(http: TestClient) -> str:
    return http.post(f"{API}runs/create", json={}).json()["run"]["info"]["run_id"]


def test_every_refusal_writes_nothing(http: TestClient, services: Services, run_id: str) -> None:
    metric = f'"run_id": "{run_id}", "key": "m", "timestamp": 1'
    bodies = [
        b"{" + metric.encode() + b', "value": 1e400}',
        b"{" + metric.encode() + b', "value": NaN}',
        b"{" + metric.encode() + b', "value": true}',
        b"{" + metric.encode() + b', "value": 1, "value": 2}',
        b"{" + metric.encode() + b', "value": 1} {}',
        b"\xef\xbb\xbf{" + metric.encode() + b', "value": 1}',
        ("{" + metric + ', "value": 1}').encode("utf-16"),
        b"{" + metric.encode() + b', "value": ' + b"[" * 100 + b"]" * 100 + b"}",
        b"[]",
        b"{",
        b"null",
        b"\xff",
        b'{"run_id": "\\ud800"}',
        b"",
    ]
    before = services.log.head().size
    for body in bodies:
        answer = http.post(
            f"{API}runs/log-metric", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, body
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
        assert "Traceback" not in answer.text
    assert services.log.head().size == before


def test_a_body_must_be_json_by_name(http: TestClient, run_id: str) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = http.post(
            f"{API}runs/delete",
            content=json.dumps({"run_id": run_id}),
            headers={"content-type": media_type},
        )
        assert answer.status_code == 415
        assert answer.json()["lineproof_code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "path",
    [
        f"{API}nothing",
        "/api/3.0/mlflow/traces/search",
        "/ajax-api/2.0/mlflow/runs/search",
        "/api/4.0/x",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_what_is_not_served_says_so(http: TestClient, path: str, method: str) -> None:
    answer = http.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_a_write_is_never_a_get(http: TestClient, run_id: str) -> None:
    answer = http.get(f"{API}runs/delete", params={"run_id": run_id})
    assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"
    found = http.get(f"{API}runs/get", params={"run_id": run_id}).json()
    assert found["run"]["info"]["lifecycle_stage"] == "active"


def test_the_server_says_what_it_is(http: TestClient) -> None:
    assert http.get("/health").text == "OK"
    assert http.get("/version").text == mlflow.MLFLOW_VERSION
    assert http.get("/api/3.0/mlflow/server-info").json()["workspaces_enabled"] is False


def test_a_repeated_request_is_recorded_once(http: TestClient, services: Services) -> None:
    headers = {"Idempotency-Key": "start-1"}
    body = {"run_name": "r", "start_time": 5}
    first = http.post(f"{API}runs/create", json=body, headers=headers).json()
    size = services.log.head().size
    again = http.post(f"{API}runs/create", json=body, headers=headers).json()
    assert (first, services.log.head().size) == (again, size)
    other = http.post(f"{API}runs/create", json={"run_name": "other"}, headers=headers)
    assert (other.status_code, other.json()["lineproof_code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert services.log.head().size == size


@pytest.mark.parametrize("key", ["", "a b", "x" * 201])
def test_an_idempotency_key_is_short_and_plain(http: TestClient, key: str) -> None:
    answer = http.post(f"{API}runs/create", json={}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400


def test_a_former_field_name_still_names_the_run(http: TestClient, run_id: str) -> None:
    assert http.get(f"{API}runs/get", params={"run_uuid": run_id}).status_code == 200
    body: dict[str, Any] = {"run_uuid": run_id, "key": "m", "value": "1.5", "timestamp": "7"}
    assert http.post(f"{API}runs/log-metric", json=body).json() == {}
    query = {"run_id": run_id, "metric_key": "m"}
    assert http.get(f"{API}metrics/get-history", params=query).json() == {
        "metrics": [{"key": "m", "value": 1.5, "timestamp": 7, "step": 0}]
    }


def test_a_history_comes_in_pages(http: TestClient, run_id: str) -> None:
    points = [{"key": "m", "value": i, "timestamp": i} for i in range(5)]
    http.post(f"{API}runs/log-batch", json={"run_id": run_id, "metrics": points})
    query: dict[str, Any] = {"run_id": run_id, "metric_key": "m", "max_results": 2}
    seen: list[float] = []
    while True:
        page = http.get(f"{API}metrics/get-history", params=query).json()
        seen += [point["value"] for point in page["metrics"]]
        if "next_page_token" not in page:
            break
        query["page_token"] = page["next_page_token"]
    assert seen == [0, 1, 2, 3, 4]
    for wrong in ({"max_results": 0}, {"page_token": "x"}, {"metric_key": ""}):
        answer = http.get(f"{API}metrics/get-history", params={**query, **wrong})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({"filter": "params.`'}) DETACH DELETE n //` = '1'"}, 200),
        ({"filter": "tags.`x` = '\"}) DETACH DELETE n //'"}, 200),
        ({"filter": "params.p LIKE '%' OR tags.`) OR 1=1 --` != 'x'"}, 200),
        ({"filter": "' OR 1=1 --"}, 400),
        ({"filter": "params.p = '' OR 1=1 --'"}, 400),
        ({"order_by": ["metrics.m; DROP TABLE node"]}, 400),
        ({"order_by": ["tags.`x` DESC) DETACH DELETE n //"]}, 400),
        ({"order_by": ["tags.`') DETACH DELETE n //`"]}, 200),
    ],
)
def test_what_a_search_says_is_never_run(
    http: TestClient, run_id: str, question: dict[str, Any], status: int
) -> None:
    everything = {"experiment_ids": ["0"]}
    before = http.post(f"{API}runs/search", json=everything).json()
    answer = http.post(f"{API}runs/search", json={**everything, **question})
    assert answer.status_code == status
    assert http.post(f"{API}runs/search", json=everything).json() == before
    assert run_id in [run["info"]["run_id"] for run in before["runs"]]


@pytest.mark.parametrize(
    "text",
    [
        " OR ".join(["metrics.m > 1"] * 10_000),
        "(" * 10_000,
        "params.p LIKE '" + "%a" * 100 + "'",
    ],
    ids=["ors", "parentheses", "wildcards"],
)
def test_a_search_that_is_too_complex_is_refused(http: TestClient, text: str) -> None:
    answer = http.post(f"{API}runs/search", json={"experiment_ids": ["0"], "filter": text})
    assert answer.status_code == 400
    assert answer.json()["lineproof_code"] == "TOO_COMPLEX"


@pytest.mark.parametrize(
    "body",
    [
        {"max_results": 0},
        {"max_results": 50_001},
        {"max_results": "many"},
        {"run_view_type": "SOME"},
        {"run_view_type": 7},
        {"experiment_ids": ["x"]},
        {"experiment_ids": [1]},
        {"order_by": [1]},
        {"order_by": ["metrics.m; DROP TABLE nodes"]},
        {"filter": 5},
        {"page_token": "x" * 1000},
    ],
    ids=str,
)
def test_a_search_that_makes_no_sense_is_refused(http: TestClient, body: dict[str, Any]) -> None:
    answer = http.post(f"{API}runs/search", json={"experiment_ids": ["0"], **body})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_reading_a_new_project_and_being_refused_there_record_nothing(
    http: TestClient, services: Services
) -> None:
    before = services.log.head()
    fresh = f"/projects/fresh{API}"
    default = http.get(f"{fresh}experiments/get", params={"experiment_id": "0"}).json()
    assert default["experiment"]["name"] == "Default"
    named = http.get(f"{fresh}experiments/get-by-name", params={"experiment_name": "Default"})
    assert named.json()["experiment"]["experiment_id"] == "0"
    found = http.post(f"{fresh}experiments/search", json={"max_results": 5}).json()
    assert [one["name"] for one in found["experiments"]] == ["Default"]
    assert http.post(f"{fresh}runs/search", json={"experiment_ids": ["0"]}).json() == {}
    refused = [
        http.post(f"{fresh}runs/create", json={"experiment_id": "7"}),
        http.post(f"{fresh}experiments/create", json={"name": "Default"}),
        http.post(f"{fresh}runs/set-tag", json={"run_id": "0" * 32, "key": "k", "value": "v"}),
    ]
    assert [one.status_code for one in refused] == [404, 400, 404]
    assert services.log.head() == before


def test_the_first_write_of_a_project_brings_its_default_experiment(
    http: TestClient, services: Services
) -> None:
    before = services.log.head().size
    made = http.post(f"/projects/begun{API}runs/create", json={}).json()
    assert made["run"]["info"]["experiment_id"] == "0"
    size = services.log.head().size
    kinds = [entry.type for entry in services.log.read(before, size)]
    assert kinds == ["experiment.created", "run.started"]


def test_an_unexpected_error_is_masked(
    http: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(type(services.graph), "nodes", broken)
    answer = http.get(f"{API}runs/get", params={"run_id": "x"})
    assert (answer.status_code, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
    assert "hunter2" not in answer.text


def test_each_write_is_an_event(http: TestClient, run_id: str) -> None:
    with capture_logs() as events:
        http.post(f"{API}runs/set-tag", json={"run_id": run_id, "key": "k", "value": "v"})
    ingested = [event for event in events if event["event"] == "run.ingested"]
    assert [(event["subject"], event["entries"]) for event in ingested] == [
        (run_id, ["run.logged"])
    ]


def test_the_documentation_lists_every_call() -> None:
    documented = set(re.findall(r"`([a-z-]+)`", DOCS.read_text()))
    assert {path.partition("/")[2] for _, path in mlflow.OPERATIONS} <= documented


def test_errors_that_are_not_the_callers() -> None:
    overloaded = error_answer(OverloadedError("The queue is full.", retry_after=3))
    assert (overloaded.status_code, overloaded.headers["retry-after"]) == (503, "3")
    assert error_answer(StorageFullError("The disk is full.")).status_code == 507
    tampered = error_answer(IntegrityError("A hash disagrees."))
    assert json.loads(bytes(tampered.body))["error_code"] == "DATA_LOSS"


def test_the_history_of_many_runs_comes_at_once(http: TestClient) -> None:
    ids = []
    for number in range(3):
        body = {"experiment_id": "0", "run_name": f"bulk {number}"}
        run_id = http.post(f"{API}runs/create", json=body).json()["run"]["info"]["run_id"]
        ids.append(run_id)
        for step in range(number):
            point = {"key": "m", "value": step / 2, "timestamp": step, "step": step}
            http.post(f"{API}runs/log-metric", json={"run_id": run_id, **point})
    path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    asked = [("metric_key", "m"), *(("run_id", one) for one in [*ids, "f" * 32])]
    points = http.get(path, params=asked).json()["metrics"]
    said = [(point["run_id"], point["step"], point["value"]) for point in points]
    expected = [
        (run, step, step / 2)
        for run, steps in zip(ids, (0, 1, 2), strict=True)
        for step in range(steps)
    ]
    assert said == sorted(expected)
    assert http.get(path, params={"metric_key": "m"}).status_code == 400
    many = [("metric_key", "m"), *(("run_id", str(n)) for n in range(101))]
    assert http.get(path, params=many).status_code == 400
