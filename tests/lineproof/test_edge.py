"""The edge, as a client sees it: who is let in, how much, in which project, and what comes back."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import OverloadedError
from domain.ids import SequentialIds
from lineproof.http.admission import Admission
from lineproof.http.body_limit import INGEST_LIMIT, QUERY_LIMIT, BodyLimit
from lineproof.http.edge import edge
from lineproof.http.errors import EXCEPTION_HANDLERS

SECRET = "the password is hunter2"


async def _echo(request: Request) -> JSONResponse:
    body = await request.body()
    return JSONResponse(
        {
            "project": request.scope["lineproof.project"],
            "request_id": request.scope["lineproof.request_id"],
            "size": len(body),
        }
    )


async def _boom(_request: Request) -> JSONResponse:
    raise RuntimeError(SECRET)


async def _overloaded(_request: Request) -> JSONResponse:
    raise OverloadedError("The queue is full.", retry_after=3)


def _app() -> ASGIApp:
    paths = ("/echo", "/graphql", "/gate", "/")
    return Starlette(
        routes=[
            *(Route(path, _echo, methods=["GET", "POST", "DELETE"]) for path in paths),
            Route("/boom", _boom),
            Route("/overloaded", _overloaded),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
    )


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = edge(_app(), ids=SequentialIds())
    with TestClient(app, base_url="http://127.0.0.1:8420", raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8420",
        "localhost:8420",
        "[::1]:8420",
        "LOCALHOST:8420",
    ],
)
def test_loopback_names_with_the_bound_port_are_served(client: TestClient, host: str) -> None:
    assert client.get("/echo", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8420",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost:1",
        "",
        "0.0.0.0",
    ],
)
def test_a_foreign_host_is_misdirected(client: TestClient, host: str) -> None:
    response = client.get("/echo", headers={"host": host})
    assert response.status_code == 421
    assert response.json()["code"] == "FORBIDDEN_HOST"
    assert "127.0.0.1:8420" in response.json()["hint"]


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "http://127.0.0.1:8421",
        "https://127.0.0.1:8420",
        "http://localhost",
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_a_foreign_origin_may_not_change_state(
    client: TestClient, origin: str, method: str
) -> None:
    response = client.request(method, "/echo", headers={"origin": origin})
    assert response.status_code == 403
    assert response.json()["code"] == "FORBIDDEN_ORIGIN"


def test_our_own_pages_may_post(client: TestClient) -> None:
    response = client.post("/echo", headers={"origin": "http://127.0.0.1:8420"}, content=b"x")
    assert response.json()["size"] == 1


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://127.0.0.1:8421"])
def test_a_foreign_origin_may_not_open_a_socket(client: TestClient, origin: str) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("ws://127.0.0.1:8420/graphql", headers={"origin": origin}),
    ):
        pass
    assert refused.value.status_code == 403
    assert refused.value.json()["code"] == "FORBIDDEN_ORIGIN"


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/echo", INGEST_LIMIT),
        ("/graphql", QUERY_LIMIT),
        ("/gate", QUERY_LIMIT),
        ("/projects/a/gate", QUERY_LIMIT),
    ],
)
def test_a_body_up_to_the_limit_is_taken_and_one_byte_more_is_not(
    client: TestClient, path: str, limit: int
) -> None:
    assert client.post(path, content=bytes(limit)).json()["size"] == limit
    response = client.post(path, content=bytes(limit + 1))
    assert response.status_code == 413
    assert response.json()["code"] == "TOO_LARGE"


def test_a_chunked_body_meets_the_same_limit(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(QUERY_LIMIT // 1024 + 1):
            yield bytes(1024)

    response = client.post("/graphql", content=chunks())
    assert response.status_code == 413
    assert response.headers["connection"] == "close"


async def _never_called(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("the application saw the request")


def _run_body_limit(
    receive: Receive, *, seconds: float = 30.0, headers: Sequence[tuple[bytes, bytes]] = ()
) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/graphql", "method": "POST", "headers": headers}
    asyncio.run(BodyLimit(_never_called, seconds=seconds)(scope, receive, send))
    return sent


def test_an_endless_body_is_cut_off_at_the_limit() -> None:
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": bytes(1024), "more_body": True}

    sent = _run_body_limit(receive)
    assert sent[0]["status"] == 413
    assert taken == QUERY_LIMIT // 1024 + 1


def test_a_body_that_never_arrives_times_out() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    sent = _run_body_limit(receive, seconds=0.01)
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "REQUEST_TIMEOUT"


def test_a_caller_that_hangs_up_in_the_middle_changes_nothing() -> None:
    messages = iter(
        [
            {"type": "http.request", "body": b'{"half":', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Message:
        return next(messages)

    assert _run_body_limit(receive) == []


@pytest.mark.parametrize("size", [0, 1, QUERY_LIMIT, QUERY_LIMIT + 1])
def test_what_a_compressed_body_unfolds_to_meets_the_limit(client: TestClient, size: int) -> None:
    body = gzip.compress(bytes(size))
    response = client.post("/gate", content=body, headers={"content-encoding": "gzip"})
    if size <= QUERY_LIMIT:
        assert response.json()["size"] == size
    else:
        assert response.status_code == 413
        assert response.json()["code"] == "TOO_LARGE"


@pytest.mark.parametrize(
    "body", [b"", b"plain", gzip.compress(b"x")[:-1], gzip.compress(b"x") * 2], ids=len
)
def test_what_is_not_one_whole_gzip_member_is_refused(client: TestClient, body: bytes) -> None:
    response = client.post("/echo", content=body, headers={"content-encoding": "gzip"})
    assert response.status_code == 400
    assert response.json()["code"] == "MALFORMED"


def test_row_30_a_gzip_bomb_is_cut_off_before_it_unfolds() -> None:
    bomb = gzip.compress(bytes(1 << 28))
    messages = [{"type": "http.request", "body": bomb, "more_body": True}]

    async def receive() -> Message:
        return messages.pop()

    tracemalloc.start()
    try:
        sent = _run_body_limit(receive, headers=[(b"content-encoding", b"gzip")])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent[0]["status"] == 413
    assert peak < len(bomb) + (1 << 20)


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused(client: TestClient, encoding: str) -> None:
    response = client.post("/echo", content=b"x", headers={"content-encoding": encoding})
    assert response.status_code == 415
    assert response.json()["code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_the_prefix_chooses_the_project(client: TestClient) -> None:
    assert client.get("/echo").json()["project"] == "default"
    assert client.get("/projects/vision-2/echo").json()["project"] == "vision-2"
    assert client.get("/projects/vision-2").json()["project"] == "vision-2"


@pytest.mark.parametrize("name", ["", "%2e%2e", "a%20b", "-x", "x" * 65, "%00", "é"])
def test_a_name_that_is_no_project_is_refused(client: TestClient, name: str) -> None:
    response = client.get(f"/projects/{name}/echo")
    assert response.status_code == 400
    assert response.json()["code"] == "INVALID_NAME"


def test_the_prefix_is_taken_off_once(client: TestClient) -> None:
    assert client.get("/projects/a/projects/b/echo").status_code == 404


def test_a_plain_request_id_is_kept_and_others_are_replaced(client: TestClient) -> None:
    kept = client.get("/echo", headers={"x-request-id": "ci-42.a_b"})
    assert kept.headers["x-request-id"] == kept.json()["request_id"] == "ci-42.a_b"
    replaced = client.get("/echo", headers={"x-request-id": "a b\\nforged"})
    assert len(replaced.headers["x-request-id"]) == 32


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    for path in ("/echo", "/nowhere", "/boom"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_an_unexpected_error_is_masked_and_logged(client: TestClient) -> None:
    with structlog.testing.capture_logs() as events:
        response = client.get("/boom", headers={"x-request-id": "r-1"})
    assert response.status_code == 500
    assert "hunter2" not in response.text
    assert response.json()["code"] == "INTERNAL"
    assert response.json()["request_id"] == "r-1"
    failed, handled = events
    assert failed["event"] == "http.request_failed"
    assert isinstance(failed["exc_info"], RuntimeError)
    assert handled["event"] == "http.request_handled"
    assert handled["status"] == 500


def test_a_typed_error_becomes_problem_json(client: TestClient) -> None:
    response = client.get("/overloaded")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "3"
    assert response.headers["content-type"].startswith("application/problem+json")
    body = response.json()
    assert body["code"] == "OVERLOADED"
    assert body["detail"] == "The queue is full."
    assert body["retryable"] is True


def test_unknown_addresses_and_methods_are_problems_too(client: TestClient) -> None:
    assert client.get("/nowhere").json()["code"] == "NOT_FOUND"
    response = client.put("/echo")
    assert response.status_code == 405
    assert response.json()["code"] == "METHOD_NOT_ALLOWED"
    assert "GET" in response.headers["allow"]


def test_a_request_is_logged_once_without_its_query(client: TestClient) -> None:
    with structlog.testing.capture_logs() as events:
        client.get("/projects/p/echo?token=hunter2")
    (event,) = events
    assert event["event"] == "http.request_handled"
    assert event["path"] == "/projects/p/echo"
    assert event["project"] == "p"
    assert event["status"] == 200
    assert "hunter2" not in str(event)


def test_f11_whoever_waits_least_gets_the_place_that_comes_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lineproof.http.admission.MAX_UNDER_WAY", 1)
    monkeypatch.setattr("lineproof.http.admission.PATIENCE_SECONDS", 0.2)
    go = asyncio.Event()
    served: list[str] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(scope["name"])
        await go.wait()
        await JSONResponse({})(scope, receive, send)
        await asyncio.sleep(1)  # The next one does not come free in time.

    async def ask(app: ASGIApp, name: str) -> int:
        statuses: list[int] = []

        async def send(message: Message) -> None:
            statuses.append(message.get("status", 0))

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        await app({"type": "http", "headers": [], "name": name}, receive, send)
        return statuses[0]

    async def scenario() -> list[int]:
        app = Admission(slow)
        tasks: list[asyncio.Task[int]] = []
        for name in ("first", "older", "newer"):
            tasks.append(asyncio.create_task(ask(app, name)))
            await asyncio.sleep(0)
        go.set()
        tasks[0].cancel()
        await asyncio.wait(tasks)
        return [task.result() for task in tasks[1:]]

    assert asyncio.run(scenario()) == [503, 200]
    assert served == ["first", "newer"]


def test_f11_more_requests_than_can_be_under_way_are_told_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lineproof.http.admission.MAX_UNDER_WAY", 3)
    monkeypatch.setattr("lineproof.http.admission.PATIENCE_SECONDS", 0.05)
    go = asyncio.Event()

    async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
        await go.wait()
        await JSONResponse({})(_scope, _receive, send)

    async def ask(app: ASGIApp) -> dict[str, object]:
        answers: list[Message] = []

        async def send(message: Message) -> None:
            answers.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        await app({"type": "http", "headers": []}, receive, send)
        headers = {name.decode(): value.decode() for name, value in answers[0]["headers"]}
        return {"status": answers[0]["status"], "retry-after": headers.get("retry-after")}

    async def scenario() -> list[dict[str, object]]:
        app = Admission(slow)
        waiting = [asyncio.create_task(ask(app)) for _ in range(3)]
        await asyncio.sleep(0)
        refused = await ask(app)
        go.set()
        return [refused, *[await task for task in waiting], await ask(app)]

    accepted = {"status": 200, "retry-after": None}
    assert asyncio.run(scenario()) == [{"status": 503, "retry-after": "1"}, *[accepted] * 4]
