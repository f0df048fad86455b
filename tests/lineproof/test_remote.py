"""The command line's client against servers that misbehave: always an error, never a pass."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from domain.errors import BackendError, ErrorCode, LineproofError
from lineproof.cli.exit_codes import Exit, exit_of_code
from lineproof.cli.gate import show_verdict
from lineproof.cli.remote import RemoteBackend

Answer = Callable[[socket.socket, bytes], None]


@contextmanager
def _server(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A TCP server that reads one request and lets ``answer`` write whatever it likes."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    requests: list[bytes] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    requests.append(_read_request(connection))
                    answer(connection, requests[-1])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += _received(connection)
    return head + b"\r\n\r\n" + body


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError
    return data


def _raw(data: bytes) -> Answer:
    return lambda connection, _: connection.sendall(data)


def _http(body: bytes, *, status: str = "200 OK", kind: str = "application/json") -> Answer:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return _raw(head.encode() + body)


PASS = {"outcome": "PASS", "statement": {"outcome": "PASS"}, "text": "PASS release"}


def _gate(answer: Answer, *, seconds: float = 10.0) -> int:
    with _server(answer) as (url, _):
        try:
            verdict = RemoteBackend(url, "default", seconds=seconds).gate({"policy": "release"})
            return show_verdict(verdict, "text")
        except LineproofError as error:
            return exit_of_code(error.code)


def test_a_verdict_passes() -> None:
    assert _gate(_http(json.dumps(PASS).encode())) == Exit.OK


@pytest.mark.parametrize(
    "answer",
    [
        _http(b""),
        _http(b"[]"),
        _http(b'{"errors": [{"message": "no"}]}'),
        _http(b'{"data": null, "errors": []}'),
        _http(b'{"outcome": "PASS"}'),
        _http(b'{"outcome": "PASS", "statement": {"outcome": "FAIL"}, "text": "x"}'),
        _http(b'{"outcome": "GREAT", "statement": {"outcome": "GREAT"}, "text": "x"}'),
        _http(b'{"outcome": "PASS", "statement": {"outcome": "PASS"}}'),
        _http(b'{"outcome": "FAIL", "outcome": "PASS", "statement": {"outcome": "PASS"}}'),
        _http(json.dumps(PASS).encode(), kind="text/html"),
        _http(json.dumps(PASS).encode(), status="201 Created"),
        _http(json.dumps(PASS).encode(), status="500 Internal Server Error"),
        _http(b"<h1>Bad Gateway</h1>", status="502 Bad Gateway", kind="text/html"),
        _http(b"{}", status="500 Internal Server Error", kind="application/problem+json"),
        _raw(b""),
        _raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        _raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"),
        _raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + json.dumps(PASS).encode()
        ),
    ],
)
def test_whatever_is_not_a_verdict_is_unreachable_row_38(answer: Answer) -> None:
    assert _gate(answer) == Exit.UNREACHABLE


def test_a_redirect_is_not_followed_row_38() -> None:
    with _server(_http(json.dumps(PASS).encode())) as (elsewhere, seen):
        head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere}/gate\r\n"
        assert _gate(_raw(f"{head}Content-Length: 0\r\n\r\n".encode())) == Exit.UNREACHABLE
        assert seen == []


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(BackendError, match="cannot be reached"):
        RemoteBackend(f"http://127.0.0.1:{port}", "default").verdict("v")


def test_a_server_without_tls_is_unreachable_over_https_row_38() -> None:
    with _server(_http(b"{}")) as (url, _), pytest.raises(BackendError):
        RemoteBackend(url.replace("http:", "https:"), "default", seconds=0.3).verdict("v")


def test_a_silent_server_times_out_row_38() -> None:
    def silent(connection: socket.socket, _: bytes) -> None:
        connection.recv(1)

    assert _gate(silent, seconds=0.3) == Exit.UNREACHABLE


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_never_ends_its_answer_times_out(head: bytes) -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)

    assert _gate(drip, seconds=0.5) == Exit.UNREACHABLE


def test_the_servers_typed_error_keeps_its_code() -> None:
    body = {"code": "NOT_FOUND", "detail": "No policy.", "hint": "Apply it.", "request_id": "r-1"}
    answer = _http(
        json.dumps(body).encode(), status="404 Not Found", kind="application/problem+json"
    )
    with _server(answer) as (url, _), pytest.raises(LineproofError) as caught:
        RemoteBackend(url, "default").gate({})
    assert caught.value.code is ErrorCode.NOT_FOUND
    assert caught.value.message == "No policy."
    assert caught.value.context["request_id"] == "r-1"


def test_requests_go_to_the_project_and_ids_are_quoted() -> None:
    with _server(_http(b"{}")) as (url, seen):
        RemoteBackend(f"{url}/base", "vision").verdict("a/../b?c")
        RemoteBackend(url, "default").apply_policies("version: 1")
    assert seen[0].startswith(b"GET /base/projects/vision/verdicts/a%2F..%2Fb%3Fc HTTP/1.1\r\n")
    assert seen[1].startswith(b"POST /policies HTTP/1.1\r\n")
    assert seen[1].endswith(b"\r\n\r\nversion: 1")
