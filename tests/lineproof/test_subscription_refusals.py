"""What a socket refuses, how it says so, and that nothing of it is recorded."""

import json
import os
import socket as sockets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ledger.entry import Draft
from lineproof.http import graphql_socket
from lineproof.http.body_limit import QUERY_LIMIT
from lineproof.http.graphql_messages import CloseCode
from lineproof.http.socket_protocol import SocketProtocol
from lineproof.http.timed_head import TimedHeadProtocol
from schema.global_ids import global_id
from tests.e2e.mlflow_server import RunningServer, running_server
from tests.lineproof.graphql_client import GraphQLClient, closed, connected, opened
from tests.lineproof.test_http_graphql import BOMB

LEDGER = "subscription { ledger { leafIndex } }"
ABSENT = "0" * 32


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("refusals") / "data") as server:
        server.services.log.append([Draft("note.made", "default", "t", "t", "first", {})])
        yield server


@pytest.fixture
def server(running: RunningServer) -> Iterator[RunningServer]:
    """A server of whose ledger nothing may come."""
    before = running.services.log.head()
    yield running
    assert running.services.log.head() == before


@pytest.fixture
def client(server: RunningServer) -> Iterator[GraphQLClient]:
    with connected(server.url) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ ledgerPoint { treeSize } }", "INVALID_ARGUMENT"),
        ('mutation { evaluateGate(input: {policy: "p", candidate: {}}) { __typename } }',) * 2,
        ("subscription { ledger {", "MALFORMED"),
        ("subscription { ledger { nope } }", "INVALID_ARGUMENT"),
        ("subscription { nope }", "INVALID_ARGUMENT"),
        ("subscription { __typename }", "INVALID_ARGUMENT"),
        ("subscription { ledger { id } verdict(id: 1) { id } }", "INVALID_ARGUMENT"),
        ("subscription A { ledger { id } } subscription B { ledger { id } }", "INVALID_ARGUMENT"),
        ("subscription { ledger { id @skip(if: true) } }" + "{a" * 400 + "}" * 400, "TOO_COMPLEX"),
        (
            "subscription { ledger {" + "".join(f"a{n}: id " for n in range(201)) + "} }",
            "TOO_COMPLEX",
        ),
        ("subscription { ledger {" + "id " * 60 + "} }", "TOO_COMPLEX"),
        (BOMB.replace("query", "subscription").replace("Query", "Subscription"), "TOO_COMPLEX"),
        ("subscription { ledger(afterSeq: 1) { id } }", "INVALID_ARGUMENT"),
        ("subscription { ledger(afterSeq: -2) { id } }", "INVALID_ARGUMENT"),
        ('subscription { ledger(afterSeq: "x") { id } }', "INVALID_ARGUMENT"),
        ("subscription { ledger(afterSeq: 9223372036854775808) { id } }", "INVALID_ARGUMENT"),
        ("subscription { ledger(kinds: []) { id } }", "INVALID_ARGUMENT"),
        ('subscription { ledger(kinds: ["run"]) { id } }', "INVALID_ARGUMENT"),
        ('subscription { ledger(kinds: ["a.b\\n"]) { id } }', "INVALID_ARGUMENT"),
        ('subscription { verdict(id: "nope") { id } }', "INVALID_ARGUMENT"),
        ('subscription { verdict(id: "") { id } }', "INVALID_ARGUMENT"),
        (f'subscription {{ verdict(id: "{"0" * 2000}") {{ id }} }}', "INVALID_ARGUMENT"),
        (f'subscription {{ verdict(id: "{global_id("Run", ABSENT)}") {{ id }} }}',) * 2,
        ("subscription { verdict(id: null) { id } }", "INVALID_ARGUMENT"),
    ],
    ids=lambda value: value[:50],
)
def test_what_cannot_be_followed_ends_with_a_typed_error(
    client: GraphQLClient, query: str, code: str
) -> None:
    operation = client.subscribe(query)
    assert client.code(operation) == ("INVALID_ARGUMENT" if code == query else code)
    # The socket, and the id, are as good as before.
    client.send(id=operation, type="subscribe", payload={"query": LEDGER})
    assert client.data(operation)["ledger"]


def test_an_unknown_operation_name_and_huge_variables(client: GraphQLClient) -> None:
    payload: dict[str, Any] = {"query": "subscription A { ledger { id } }", "operationName": "B"}
    assert client.code(client.subscribe_with(payload)) == "INVALID_ARGUMENT"
    assert client.code(client.subscribe(LEDGER, x=[0] * 5_000)) == "TOO_COMPLEX"


def test_a_verdict_that_nobody_recorded_is_waited_for(client: GraphQLClient) -> None:
    waiting = client.subscribe('subscription { verdict(id: "%s") { id } }' % ABSENT)  # noqa: UP031
    with pytest.raises(TimeoutError):
        client.receive(timeout=0.3)
    client.send(id=waiting, type="complete")
    client.send(type="ping")
    assert client.receive() == {"type": "pong"}


def test_a_subscription_is_not_answered_over_http(server: RunningServer) -> None:
    import urllib.error
    import urllib.request

    body = json.dumps({"query": LEDGER}).encode()
    request = urllib.request.Request(
        server.url + "/graphql", body, {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    with refused.value as answer:
        assert answer.code == 400
        (error,) = json.load(answer)["errors"]
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert "WebSocket" in error["extensions"]["hint"]


def test_an_unexpected_failure_is_masked_and_logged(
    client: GraphQLClient, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("resolvers.ledger_entries.page", boom)
    with structlog.testing.capture_logs() as logs:
        operation = client.subscribe(LEDGER)
        message = client.receive()
    assert (message["id"], message["type"]) == (operation, "error")
    assert message["payload"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in json.dumps(message)
    (failed,) = [entry for entry in logs if entry["event"] == "subscription.failed"]
    assert isinstance(failed["exc_info"], RuntimeError)


def test_a_field_that_fails_is_masked_in_its_result(
    client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("schema.types.ledger_entry.verdict_proof", boom)
    client.subscribe("subscription { ledger { proof { text } } }")
    message = client.receive()
    (error,) = message["payload"]["errors"]
    assert message["type"] == "next"
    assert (error["extensions"]["code"], error["path"]) == ("INTERNAL", ["ledger", "proof"])
    assert "hunter2" not in json.dumps(message)


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["graphql-transport-ws2", "chat"]])
def test_another_subprotocol_is_4406(server: RunningServer, offered: list[str] | None) -> None:
    with opened(server.url, subprotocols=offered) as socket:
        assert closed(socket) == (4406, "The subprotocol is graphql-transport-ws.")


def test_row_25_an_operation_before_the_beginning_is_4401(server: RunningServer) -> None:
    with opened(server.url) as socket:
        socket.send(json.dumps({"type": "ping"}))
        assert json.loads(socket.recv(30)) == {"type": "pong"}
        message = {"id": "1", "type": "subscribe", "payload": {"query": LEDGER}}
        socket.send(json.dumps(message))
        assert closed(socket)[0] == CloseCode.UNAUTHORIZED


def test_a_client_that_never_begins_is_4408(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql_socket, "INIT_SECONDS", 0.2)
    with opened(server.url) as socket:
        assert closed(socket) == (4408, "No connection_init came within 0.2 seconds.")


def test_beginning_twice_is_4429(client: GraphQLClient) -> None:
    client.send(type="connection_init", payload={"token": "x"})
    assert closed(client.socket)[0] == CloseCode.TOO_MANY_INITS


def test_an_id_in_use_is_4409_and_ends_everything(client: GraphQLClient) -> None:
    client.send(id="a", type="subscribe", payload={"query": LEDGER})
    assert client.data("a")
    client.send(id="a", type="subscribe", payload={"query": LEDGER})
    assert closed(client.socket) == (4409, "Subscriber for a already exists.")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        "\ufeff{}",
        "[" * 200 + "]" * 200,
        '{"type": "ping"} trailing',
        '{"type": "ping", "type": "pong"}',
        '{"type": "start", "id": "1"}',
        '{"type": 5}',
        '{"type": "ping", "payload": []}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 5}',
        '{"type": "complete", "id": ""}',
        '{"type": "complete", "id": "' + "x" * 129 + '"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": "x"}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "\\ud800"}}',
        b'{"type": "ping"}',
        b"\xff\x00",
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_no_message_is_4400(client: GraphQLClient, message: str | bytes) -> None:
    client.socket.send(message)
    code, reason = closed(client.socket)
    assert code == CloseCode.INVALID_MESSAGE
    assert reason.endswith((".", "x")) and len(reason) <= 123


def test_a_message_beyond_the_limit_is_1009(client: GraphQLClient) -> None:
    client.send(type="ping", payload={"x": "y" * (QUERY_LIMIT - 100)})
    assert client.receive() == {"type": "pong"}
    client.send(type="ping", payload={"x": "y" * QUERY_LIMIT})
    assert closed(client.socket)[0] == 1009


def test_a_message_in_pieces_meets_the_same_limit(client: GraphQLClient) -> None:
    with pytest.raises(ConnectionClosed) as end:
        for _ in range(100):
            client.socket.send(["x" * 10_000] * 100)
            client.receive()
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == 1009


def refusal(url: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Status and problem of a handshake that must not succeed."""
    with pytest.raises(InvalidStatus) as refused, opened(url, **more):
        pass
    response = refused.value.response
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]
    assert response.body is not None
    return response.status_code, json.loads(response.body)


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "https://{host}", "http://127.0.0.1:1", "http://localhost"],
)
def test_a_page_of_another_origin_may_not_follow(server: RunningServer, origin: str) -> None:
    foreign = origin.format(host=server.url.removeprefix("http://"))
    status, problem = refusal(server.url, origin=foreign)
    assert (status, problem["code"]) == (403, "FORBIDDEN_ORIGIN")


def test_a_foreign_host_is_misdirected(server: RunningServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with sockets.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(handshake("evil.example"))
        assert raw.recv(65_536).startswith(b"HTTP/1.1 421 ")


def test_our_own_pages_may_follow(server: RunningServer) -> None:
    with opened(server.url, origin=server.url) as socket:
        assert GraphQLClient(socket).subscribe(LEDGER)


def test_a_name_that_is_no_project_and_an_address_without_socket(server: RunningServer) -> None:
    status, problem = refusal(server.url, project="a%20b")
    assert (status, problem["code"]) == (400, "INVALID_NAME")
    status, problem = refusal(server.url, project="default/gate")
    assert (status, problem["code"]) == (404, "NOT_FOUND")


def test_a_socket_too_many_is_told_when_to_come_back(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql_socket, "MAX_SOCKETS", 2)
    with connected(server.url), connected(server.url):
        status, problem = refusal(server.url)
        assert (status, problem["code"], problem["retryable"]) == (503, "OVERLOADED", True)
    with ExitStack() as stack:
        assert eventually(lambda: stack.enter_context(connected(server.url)))


def test_a_connection_too_many_is_no_socket_either(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineproof.http.connections.MAX_CONNECTIONS", 0)
    with pytest.raises(InvalidStatus) as refused, opened(server.url):
        pass
    assert refused.value.response.status_code == 503


def test_row_26_a_socket_has_at_most_50_subscriptions(client: GraphQLClient) -> None:
    operations = [client.subscribe(LEDGER) for _ in range(1_000)]
    codes: dict[str, str] = {}
    told: set[str] = set()
    while len(codes) < 950 or len(told) < 50:
        message = client.receive()
        if message["type"] == "next":
            told.add(message["id"])
        else:
            codes[message["id"]] = message["payload"][0]["extensions"]["code"]
    assert told == set(operations[:50])
    assert set(codes.values()) == {"OVERLOADED"}
    client.send(id=operations[0], type="complete")

    def another() -> bool:
        operation = client.subscribe(LEDGER)
        return bool(client.receive()["type"] == "next" and operation)

    assert eventually(another)


@contextmanager
def a_reader_that_never_reads(server: RunningServer) -> Iterator[sockets.socket]:
    """Follows everything over a connection that takes next to nothing."""
    port = int(server.url.rpartition(":")[2])
    raw = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    with raw:
        raw.settimeout(30)
        raw.connect(("127.0.0.1", port))
        raw.sendall(handshake(f"127.0.0.1:{port}", "stalled"))
        assert raw.recv(12) == b"HTTP/1.1 101"
        everything = {"query": "subscription { ledger { payload } }"}
        raw.sendall(frame({"type": "connection_init"}))
        for number in range(40):
            raw.sendall(frame({"id": f"{number}", "type": "subscribe", "payload": everything}))
        yield raw


def test_row_26_a_reader_that_never_reads_is_cut_off_and_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SocketProtocol, "stalled_seconds", 1.0)
    with running_server(tmp_path / "data") as server, structlog.testing.capture_logs() as logs:
        for number in range(100):
            payload = {"text": "x" * 1_000_000, "number": number}
            server.services.log.append(
                [Draft("note.made", "stalled", "t", "t", f"{number}", payload)]
            )
        before = resident()
        with a_reader_that_never_reads(server) as raw:
            assert eventually(lambda: count(logs, "ended", "stalled") == 40)
            # 4 GB were to be told; each subscription held one entry.
            assert resident() - before < 200_000_000
            left = 0
            with suppress(ConnectionResetError):
                while part := raw.recv(1 << 20):
                    left += len(part)
            assert left < 16_000_000  # What the system's own buffers hold, then the end.
        assert [each for each in logs if each["event"] == "socket.stalled"]
        with connected(server.url, "stalled") as client:
            assert client.data(client.subscribe(LEDGER))


def test_a_client_that_goes_away_ends_its_subscriptions(server: RunningServer) -> None:
    with structlog.testing.capture_logs() as logs:
        with connected(server.url, "gone") as client:
            for _ in range(3):
                client.subscribe(LEDGER)
            assert eventually(lambda: count(logs, "started", "gone") == 3)
        assert eventually(lambda: count(logs, "ended", "gone") == 3)

        def closings() -> list[Any]:
            closed = [each for each in logs if each["event"] == "socket.closed"]
            return [each for each in closed if each["project"] == "gone"]

        assert eventually(closings)
    (line,) = closings()
    assert (line["status"], line["code"], line["path"]) == (101, 1000, "/projects/gone/graphql")


def test_a_socket_outlives_the_time_that_a_head_may_take(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TimedHeadProtocol, "head_seconds", 0.2)
    with connected(server.url) as client:
        time.sleep(0.5)
        client.send(type="ping")
        assert client.receive() == {"type": "pong"}


def count(logs: list[Any], what: str, project: str) -> int:
    """How many subscriptions of the project have ``started`` or ``ended``."""
    found = [each for each in logs if each["event"] == f"subscription.{what}"]
    return sum(each["project"] == project for each in found)


def eventually(ask: Any) -> bool:
    """Whether it comes true within half a minute."""
    for _ in range(300):
        try:
            if ask():
                return True
        except InvalidStatus:
            pass
        time.sleep(0.1)
    return False


def resident() -> int:
    """Bytes of memory that this process, and the server in it, holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def handshake(host: str, project: str = "default") -> bytes:
    return (
        f"GET /projects/{project}/graphql HTTP/1.1\r\nHost: {host}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    ).encode()


def frame(message: dict[str, Any]) -> bytes:
    """A text frame of a client, masked with zeros (RFC 6455, section 5.2)."""
    data = json.dumps(message).encode()
    assert len(data) < 126
    return bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data
