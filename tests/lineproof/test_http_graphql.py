"""``POST /graphql`` as a client sees it: the protocol, its refusals, and what it never does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from starlette.applications import Starlette
from starlette.testclient import TestClient

from domain.errors import LineproofError
from lineproof.http import graphql
from lineproof.http.edge import edge
from lineproof.http.errors import EXCEPTION_HANDLERS
from lineproof.services import Services
from tests.schema.recorded import Recorder, open_recorder, record_variants

BASE = "http://127.0.0.1:8420"
BOMB = (
    "query{...A}"
    + "".join(
        f"fragment {name} on Query{{{('...' + after) * 5}}}"
        for name, after in zip("ABCDEF", "BCDEFG", strict=True)
    )
    + "fragment G on Query{__typename}"
)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    folder: Path = tmp_path_factory.mktemp("http")
    recorder = open_recorder(folder)
    record_variants(recorder, seeds=2)
    yield recorder
    recorder.metrics.close()
    recorder.log.close()


@pytest.fixture
def client(recorder: Recorder) -> Iterator[TestClient]:
    routes = graphql.routes(cast("Services", recorder))
    app = edge(Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS), ids=recorder.ids)
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, query: str, **more: Any) -> Any:
    return client.post("/graphql", json={"query": query, **more})


def code_of(response: Any) -> str:
    (error,) = response.json()["errors"]
    assert set(error) >= {"message", "extensions"}
    assert error["extensions"]["requestId"]
    code: str = error["extensions"]["code"]
    return code


def test_a_query_is_answered(client: TestClient) -> None:
    response = ask(
        client,
        "query A($n: Int!) { runs(first: $n) { totalCount nodes { status } } } query B { nope }",
        variables={"n": 1},
        operationName="A",
    )
    assert response.status_code == 400
    response = ask(
        client,
        "query A($n: Int!) { runs(first: $n) { totalCount nodes { status } } }",
        variables={"n": 1},
        operationName="A",
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    expected = {"data": {"runs": {"totalCount": 6, "nodes": [{"status": "FINISHED"}]}}}
    assert response.json() == expected


def test_a_client_that_asks_for_the_newer_media_type_gets_it(client: TestClient) -> None:
    headers = {"accept": "application/graphql-response+json, application/json;q=0.9"}
    body = {"query": "{ ledgerPoint { treeSize } }"}
    response = client.post("/graphql", json=body, headers=headers)
    assert response.headers["content-type"].startswith("application/graphql-response+json")


def test_what_was_just_recorded_is_seen(client: TestClient, recorder: Recorder) -> None:
    query = "{ experiments(includeDeleted: true) { totalCount } }"
    before = ask(client, query).json()["data"]["experiments"]["totalCount"]
    recorder.experiment(str(100 + before), "new")
    assert ask(client, query).json()["data"]["experiments"]["totalCount"] == before + 1


def test_a_project_sees_its_own(client: TestClient) -> None:
    body = {"query": "{ runs { totalCount } }"}
    response = client.post("/projects/other/graphql", json=body)
    assert response.json() == {"data": {"runs": {"totalCount": 0}}}


def test_recorded_json_is_given_as_it_is(client: TestClient) -> None:
    query = "{ ledgerEntry(leafIndex: 1) { type payload } policies { document } }"
    data = ask(client, query).json()["data"]
    assert data["ledgerEntry"]["type"] == "policy.applied"
    assert data["ledgerEntry"]["payload"]["document"] == data["policies"][0]["document"]


def test_a_field_that_fails_leaves_the_others(client: TestClient) -> None:
    response = ask(client, '{ run(id: "nope") { id } ledgerPoint { treeSize } }')
    assert response.status_code == 200
    assert response.json()["data"]["run"] is None
    assert response.json()["data"]["ledgerPoint"]
    assert code_of(response) == "NOT_FOUND"
    assert response.json()["errors"][0]["path"] == ["run"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{a" * 400 + "}" * 400, "TOO_COMPLEX"),
        ("{" + "".join(f"a{n}:__typename " for n in range(3_500)) + "}", "TOO_COMPLEX"),
        (BOMB, "TOO_COMPLEX"),
        ("{" + "__typename " * 5_000 + "}", "TOO_COMPLEX"),
        ("{__typename " + "@skip(if:false)" * 1_000 + "}", "TOO_COMPLEX"),
        ("{...A} fragment A on Query{...B} fragment B on Query{...A}", "TOO_COMPLEX"),
        ("{ nope }", "INVALID_ARGUMENT"),
        ("{ runs(", "MALFORMED"),
        ("", "MALFORMED"),
        ("subscription { x }", "INVALID_ARGUMENT"),
        ("query Q($n: Int!) { runs(first: $n) { totalCount } }", "INVALID_ARGUMENT"),
    ],
)
def test_what_cannot_be_executed_is_a_typed_400(client: TestClient, query: str, code: str) -> None:
    response = ask(client, query)
    assert response.status_code == 400
    assert code_of(response) == code
    assert "data" not in response.json()


def test_an_unknown_operation_name_is_refused(client: TestClient) -> None:
    response = ask(client, "query A { ledgerPoint { treeSize } }", operationName="B")
    assert (response.status_code, code_of(response)) == (400, "INVALID_ARGUMENT")


def test_huge_variables_are_too_complex(client: TestClient) -> None:
    response = ask(client, "{ ledgerPoint { treeSize } }", variables={"x": [0] * 5_000})
    assert (response.status_code, code_of(response)) == (400, "TOO_COMPLEX")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([{"query": "{ ledgerPoint { treeSize } }"}] * 1_000),
        "[]",
        "5",
        "",
        "{",
        '{"query": 5}',
        "{}",
        '{"query": "{ a }", "variables": []}',
        '{"query": "{ a }", "operationName": 5}',
        '{"query": "{ a }", "query": "{ b }"}',
        '{"query": "{ a }"} trailing',
        '{"query": "\\ud800"}',
    ],
)
def test_what_is_no_request_is_malformed(client: TestClient, body: str) -> None:
    response = client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, code_of(response)) == (400, "MALFORMED")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json"],
)
def test_only_json_is_accepted(client: TestClient, content_type: str) -> None:
    response = client.post(
        "/graphql", content='{"query": "{ a }"}', headers={"content-type": content_type}
    )
    assert (response.status_code, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_nothing_is_executed_by_get(client: TestClient, recorder: Recorder) -> None:
    size = recorder.catch_up()
    response = client.get("/graphql", params={"query": "{ ledgerPoint { treeSize } }"})
    assert response.status_code == 405
    assert recorder.catch_up() == size


def test_a_foreign_origin_is_kept_out(client: TestClient) -> None:
    body = {"query": "{ ledgerPoint { treeSize } }"}
    response = client.post("/graphql", json=body, headers={"origin": "https://evil.example"})
    assert response.status_code == 403


def test_an_unexpected_failure_is_masked_and_logged(
    client: TestClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(type(recorder.graph), "find", boom)
    with structlog.testing.capture_logs() as logs:
        response = ask(client, "{ runs { nodes { id } } }")
    assert response.status_code == 200
    assert "hunter2" not in response.text
    assert code_of(response) == "INTERNAL"
    (failed,) = [entry for entry in logs if entry["event"] == "graphql.field_failed"]
    assert isinstance(failed["exc_info"], RuntimeError)


def test_a_failure_before_the_first_field_is_typed(
    client: TestClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> int:
        raise LineproofError("The store is away.")

    monkeypatch.setattr(recorder, "catch_up", away)
    response = ask(client, "{ ledgerPoint { treeSize } }")
    assert response.status_code == 500
    assert code_of(response) == "INTERNAL"
