"""What the world sends to the doors, row by row: nothing written, nothing opened, nothing fetched.

A row that is tested where its code is stands in ``ELSEWHERE``. Row 12 has nothing to test: nothing
here writes CSV.
"""

import gzip
import http.client
import io
import json
import os
import socket
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.ids import SequentialIds
from graph.memory import MemoryGraph
from graph.model import Node, NodeKind
from graph.port import NodeQuery
from ledger.log import Log
from lineproof.app import create_app
from lineproof.cli.main import main
from lineproof.services import Services
from tests.e2e.mlflow_server import RunningServer, running_server

TESTS = Path(__file__).parent.parent
API = "/api/2.0/mlflow/"
EVENTS = "/api/v1/lineage"
ELSEWHERE = {
    "4-5, 6-8 import": "e2e/test_imported_models.py::test_rows_4_to_8_nothing_outside_is_read",
    "4, 32 links, YAML tags, pickles": "lineproof/test_import.py::test_links_tags_and_pickles",
    "9 names of runs and params": "ingest/test_mlflow_writes.py::test_names_that_hide_something",
    "10-11 Markdown": "governance/test_inert.py::test_markdown_text_holds_no_live_markup",
    "10-11 explorer": "lineproof/test_explorer.py::test_pages_load_nothing_from_elsewhere",
    "13-15 filters": "graph/test_filter.py::test_any_text_is_read_or_refused",
    "16": "lineproof/test_http_mlflow.py::test_a_search_that_is_too_complex_is_refused",
    "25": "lineproof/test_subscription_refusals.py::test_row_25_an_operation_before_the_beginning",
    "26": "lineproof/test_subscription_refusals.py::test_row_26_a_socket_has_at_most_50",
    "26 reads": "lineproof/test_subscription_refusals.py::test_row_26_a_reader_that_never_reads",
    "27 in a gate": "governance/test_evaluate.py::test_a_value_that_is_not_finite_never_passes",
    "27, 29 MLflow": "lineproof/test_http_mlflow.py::test_every_refusal_writes_nothing",
    "30 memory": "lineproof/test_edge.py::test_row_30_a_gzip_bomb",
    "30 chunks": "lineproof/test_edge.py::test_an_endless_body_is_cut_off_at_the_limit",
    "31": "lineproof/test_openlineage.py::test_cycles_and_foreign_runs_are_refused",
    "32 Parquet": "lineproof/test_import.py::test_an_absurd_parquet_is_refused",
    "34": "lineproof/test_gate_rows.py::test_an_idempotency_key_with_another_body_is_refused",
    "35 edited": "lineproof/test_gate_verify.py::test_an_edited_verdict_does_not_hold_row_35",
    "35 another": "lineproof/test_gate_verify.py::test_a_genuine_verdict_about_something_else",
    "36": "e2e/test_mlflow_quarantine.py::test_a_file_that_changed_after_its_verdict",
    "37": "lineproof/test_policy_in_pull_request.py::test_the_declared_policy_decides",
    "38, F13": "lineproof/test_gate_faults.py::test_500_faults_and_no_exit_0_f13_row_38",
    "38 redirect": "lineproof/test_remote.py::test_a_redirect_is_not_followed_row_38",
    "41": "lineproof/test_ledger_watch.py::test_forged_checkpoints_exit_4_row_41",
    "41 restore": "lineproof/test_ledger_watch.py::test_a_backup_with_a_forged_checkpoint",
    "42": "lineproof/test_gate_rows.py::test_a_missing_metric_and_a_division_by_zero_never_pass",
    "33": "ledger/test_entry.py::test_bytes_that_are_not_a_canonical_entry_are_refused",
}


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
        ledger_files=folder / "ledger" / "static",
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def http_client(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        client.post(f"{API}experiments/create", json={"name": "begun"})
        yield client


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whom anybody tried to reach, by name or by address."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise OSError("no connection in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


Refused = Callable[..., None]


@pytest.fixture
def refused(http_client: TestClient, services: Services) -> Refused:
    """Send something that must be refused with one of ``codes``, and leave no entry."""

    def send(path: str, body: Any, *codes: str) -> None:
        before = services.log.head().size
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        answer = http_client.post(path, content=content, headers=headers)
        told = answer.json()
        assert 400 <= answer.status_code < 500, (path, body, answer.text)
        (graphql,) = told.get("errors", [{"extensions": {}}])
        found = {told.get("lineproof_code"), told.get("code"), graphql["extensions"].get("code")}
        assert found & set(codes), answer.text
        assert "Traceback" not in answer.text
        assert services.log.head().size == before

    return send


def run(http_client: TestClient, **fields: object) -> str:
    answer = http_client.post(f"{API}runs/create", json=fields)
    return str(answer.json()["run"]["info"]["run_id"])


def event(run_id: str, **more: Any) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-02T00:00:00Z",
        "producer": "https://example.org/p",
        "run": {"runId": run_id, "facets": more.pop("facets", {})},
        "job": {"namespace": "etl", "name": "clean"},
        **more,
    }


@pytest.mark.parametrize("row", ELSEWHERE)
def test_rows_tested_elsewhere_are_where_they_are_said_to_be(row: str) -> None:
    path, name = ELSEWHERE[row].split("::")
    assert f"def {name}" in (TESTS / path).read_text()


@pytest.mark.parametrize(
    "place",
    [
        "../../etc/passwd",
        "..%252f..%252fetc",
        "file:///etc/passwd#x",
        "http:///#/../..",
        "s3://bucket/../other",
        "s3://bucket/a;b",
        "a\\..\\b",
    ],
)
def test_rows_1_to_3_a_place_that_leads_astray(refused: Refused, place: str) -> None:
    location = {"name": f"at {place}"[:20], "artifact_location": place}
    refused(f"{API}experiments/create", location, "INVALID_PATH", "INVALID_NAME")


def test_rows_1_to_3_a_model_source_on_this_machine(
    http_client: TestClient, refused: Refused
) -> None:
    http_client.post(f"{API}registered-models/create", json={"name": "m"})
    for source in ("/etc/passwd", "file:///etc/passwd", "../../etc", "runs:/../../etc"):
        refused(f"{API}model-versions/create", {"name": "m", "source": source}, "INVALID_PATH")


def test_rows_4_and_5_archives_are_not_unpacked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with zipfile.ZipFile(inner / "a.zip", "w") as archive:
        archive.writestr("../escaped", "x")
    with tarfile.open(inner / "a.tar", "w") as archive:
        info = tarfile.TarInfo("../../escaped")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    for kind in ("mlflow", "openlineage", "prov", "metrics", "dvc", "asv"):
        for name in ("a.zip", "a.tar"):
            code = main(["import", kind, str(inner / name), "--data", str(tmp_path / "data")])
            assert code == 2, (kind, name)
    assert "0 entries added" in capsys.readouterr().out
    assert not list(tmp_path.rglob("escaped"))


def test_rows_6_to_8_addresses_are_kept_as_text(
    http_client: TestClient, services: Services, connected: list[object]
) -> None:
    addresses = ("http://169.254.169.254/latest", "http://127.0.0.1:1/x", "http://rebound.example/")
    for number, address in enumerate(addresses):
        made = http_client.post(
            f"{API}experiments/create", json={"name": address, "artifact_location": address}
        )
        run_id = run(http_client, experiment_id=made.json()["experiment_id"])
        dataset = {"name": "d", "digest": "1", "source_type": "http", "source": address}
        body = {"run_id": run_id, "datasets": [{"dataset": dataset}]}
        assert http_client.post(f"{API}runs/log-inputs", json=body).status_code == 200
        told = http_client.get(f"{API}runs/get", params={"run_id": run_id}).json()["run"]
        assert told["info"]["artifact_uri"] == f"{address.rstrip('/')}/{run_id}/artifacts"
        assert told["inputs"]["dataset_inputs"][0]["dataset"]["source"] == address
        listed = http_client.get(f"{API}artifacts/list", params={"run_id": run_id})
        assert listed.status_code == 400
        source = {"dataSource": {"name": "x", "uri": address}}
        inputs = [{"namespace": address, "name": "t", "facets": source}]
        uuid = f"01941a6e-0c00-7000-8000-0000000006{number:02d}"
        assert http_client.post(EVENTS, json=event(uuid, inputs=inputs)).status_code == 200
    services.catch_up()
    assert connected == []


@pytest.mark.parametrize("name", ["a\0b", "a\u202eb", "x" * 1_000_000], ids=["nul", "rlo", "1 MB"])
def test_row_9_a_name_that_hides_something(
    http_client: TestClient, refused: Refused, name: str
) -> None:
    run_id = run(http_client)
    codes = ("INVALID_NAME", "INVALID_ARGUMENT", "TOO_LARGE")
    refused(f"{API}runs/create", {"run_name": name}, *codes)
    refused(f"{API}runs/log-parameter", {"run_id": run_id, "key": name, "value": "1"}, *codes)
    metric = {"run_id": run_id, "key": name, "value": 1, "timestamp": 1}
    refused(f"{API}runs/log-metric", metric, *codes)
    refused(f"{API}experiments/create", {"name": name}, *codes)
    job = {"namespace": "n", "name": name}
    body = {**event("01941a6e-0c00-7000-8000-000000000901"), "job": job}
    refused(EVENTS, body, *codes)


def test_row_9_a_lone_surrogate_is_no_text(refused: Refused) -> None:
    refused(f"{API}runs/create", b'{"run_name": "\\ud800"}', "MALFORMED", "INVALID_NAME")
    refused(EVENTS, b'{"eventTime": "\\udfff"}', "MALFORMED", "INVALID_NAME")


def test_row_9_legal_unicode_is_nfc(http_client: TestClient) -> None:
    run_id = run(http_client, run_name="Cafe\u0301")
    told = http_client.get(f"{API}runs/get", params={"run_id": run_id}).json()
    assert told["run"]["info"]["run_name"] == "Caf\u00e9"


@pytest.mark.parametrize(
    "text", ["'}) DETACH DELETE n //", "`) MATCH (n) DELETE n", "' OR 1=1 --", '"; DROP TABLE node']
)
def test_rows_13_to_15_injections_are_names(
    http_client: TestClient, services: Services, text: str
) -> None:
    def runs() -> list[Node]:
        services.catch_up()
        return list(services.graph.find(NodeQuery("default", NodeKind.RUN)))

    run_id = run(http_client, run_name=text, tags=[{"key": "a", "value": text}])
    before = runs()
    for filter_ in (f"tags.a = {text}", f"tags.`{text}` = 'x'", text):
        body = {"experiment_ids": ["0"], "filter": filter_, "order_by": [text]}
        assert http_client.post(f"{API}runs/search", json=body).status_code == 400
    assert runs() == before
    told = http_client.get(f"{API}runs/get", params={"run_id": run_id}).json()["run"]
    assert told["info"]["run_name"] == text
    assert {"key": "a", "value": text} in told["data"]["tags"]


def test_rows_27_and_28_numbers_are_kept_or_refused_by_rule(
    http_client: TestClient, refused: Refused
) -> None:
    run_id = run(http_client)
    point = {"run_id": run_id, "key": "m", "timestamp": 1, "value": 1}
    for field, value in (("step", 2**63), ("step", 1.5), ("timestamp", 2**63), ("value", True)):
        refused(f"{API}runs/log-metric", {**point, field: value}, "INVALID_ARGUMENT", "MALFORMED")
    kept: list[tuple[object, int]] = [
        ("NaN", 0),
        ("Infinity", 1),
        ("-Infinity", 2),
        (-0.0, 3),
        (1, -5),
        (1, 2**53 - 1),
    ]
    for one, step in [*kept, *kept]:
        body = {**point, "value": one, "step": step}
        assert http_client.post(f"{API}runs/log-metric", json=body).status_code == 200, body
    asked = {"run_id": run_id, "metric_key": "m"}
    told = http_client.get(f"{API}metrics/get-history", params=asked).json()["metrics"]
    assert sorted(one["step"] for one in told) == sorted(step for _, step in kept)
    assert next(str(one["value"]) for one in told if one["step"] == 3) == "-0.0"


def test_row_28_the_order_of_arrival_changes_nothing(
    http_client: TestClient, services: Services
) -> None:
    points = [(3, 0.5), (1, 0.25), (2, 4.0), (2, 3.0)]
    summaries: list[dict[str, object]] = []
    for order in (points, points[::-1]):
        run_id = run(http_client)
        for step, value in order:
            body = {"run_id": run_id, "key": "m", "timestamp": 7, "value": value, "step": step}
            http_client.post(f"{API}runs/log-metric", json=body)
        services.catch_up()
        one = services.metrics.summaries([run_id])[run_id]["m"]
        summaries.append({"last": one.last, "min": one.min, "max": one.max, "mean": one.mean})
    assert summaries[0] == summaries[1] == {"last": 0.5, "min": 0.25, "max": 4.0, "mean": 1.9375}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": 1} {}',
        b"[" * 200 + b"]" * 200,
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b"\xff",
        b"{",
    ],
    ids=["twice", "trailing", "deep", "BOM", "UTF-16", "no UTF-8", "cut"],
)
def test_row_29_json_that_two_parsers_could_read_differently(refused: Refused, body: bytes) -> None:
    paths = (f"{API}runs/create", EVENTS, f"{EVENTS}/batch", "/gate", "/compare", "/lineage")
    for path in (*paths, "/graphql", "/operations/records.import"):
        refused(path, body, "MALFORMED")


def test_row_30_two_lengths_and_bombs_at_a_real_server(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, closing(_connection(server)) as connection:
        size = server.services.log.head().size
        bomb = gzip.compress(bytes(1 << 26))
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        before = _resident()
        for path in (EVENTS, f"{API}runs/create", "/gate", "/graphql"):
            connection.request("POST", path, bomb, headers)
            answer = connection.getresponse()
            assert (answer.status, json.load(answer)["code"]) == (413, "TOO_LARGE")
            connection.close()
        assert _resident() - before < 1 << 25
        connection.putrequest("POST", EVENTS)
        for length in ("2", "3"):
            connection.putheader("Content-Length", length)
        connection.endheaders(b"{}")
        assert connection.getresponse().status == 400
        assert server.services.log.head().size == size


def _connection(server: RunningServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.url.removeprefix("http://"))


def _resident() -> int:
    """Bytes of memory that this process, and the server in it, holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_row_31_a_run_is_no_ancestor_of_itself(http_client: TestClient, refused: Refused) -> None:
    http_client.post(f"/projects/other{API}runs/create", json={})
    parent = run(http_client)
    child = run(http_client, tags=[{"key": "mlflow.parentRunId", "value": parent}])
    for of, by in ((parent, parent), (parent, child)):
        tag = {"run_id": of, "key": "mlflow.parentRunId", "value": by}
        refused(f"{API}runs/set-tag", tag, "LINEAGE_CYCLE")
        refused(f"/projects/other{API}runs/set-tag", tag, "NOT_FOUND")


def test_row_34_an_idempotency_key_is_for_one_body(
    http_client: TestClient, services: Services
) -> None:
    run_id = run(http_client)
    headers = {"idempotency-key": "row-34"}
    tag = {"run_id": run_id, "key": "a", "value": "1"}
    for _ in range(2):
        assert http_client.post(f"{API}runs/set-tag", json=tag, headers=headers).status_code == 200
    before = services.log.head().size
    answer = http_client.post(f"{API}runs/set-tag", json={**tag, "value": "2"}, headers=headers)
    assert (answer.status_code, answer.json()["lineproof_code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert services.log.head().size == before
