"""Connections that dribble, over raw sockets against the protocol that ``lineproof serve`` uses."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from lineproof.http.timed_head import HEAD_LIMIT, TimedHeadProtocol

HEAD = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"


class _Hasty(TimedHeadProtocol):
    head_seconds: ClassVar[float] = 0.5


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/echo", _echo, methods=["POST"])])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=_Hasty, lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as opened:
        yield opened


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    parts: list[bytes] = []
    while True:
        try:
            part = connection.recv(65_536)
        except ConnectionResetError:
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def receive_echo(connection: socket.socket) -> None:
    answer = b""
    while not answer.endswith(b"hello"):
        part = connection.recv(65_536)
        assert part, answer
        answer += part


def dribble(connection: socket.socket, piece: bytes) -> None:
    """Send until it is refused."""
    try:
        while True:
            connection.sendall(piece)
            connection.setblocking(False)
            try:
                connection.recv(1, socket.MSG_PEEK)
                return
            except BlockingIOError:
                pass
            finally:
                connection.settimeout(30)
            time.sleep(0.05)
    except OSError:
        return


def test_a_head_that_dribbles_is_answered_408(connection: socket.socket) -> None:
    connection.sendall(HEAD[:21])
    dribble(connection, b"X-Slow: 1\r\n")
    answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"REQUEST_TIMEOUT" in answer
    assert b"connection: close" in answer


def test_a_connection_that_says_nothing_is_closed(connection: socket.socket) -> None:
    assert everything(connection) == b""


def test_requests_after_each_other_have_each_their_time(connection: socket.socket) -> None:
    for _ in range(4):
        connection.sendall(HEAD[:30])
        time.sleep(0.2)
        connection.sendall(HEAD[30:])
        # The body has another limit than the head.
        time.sleep(0.6)
        connection.sendall(b"hello")
        receive_echo(connection)


@pytest.mark.parametrize("piece", [b"\r\n", b"P"])
def test_what_dribbles_after_a_request_is_refused_too(
    connection: socket.socket, piece: bytes
) -> None:
    connection.sendall(HEAD + b"hello")
    receive_echo(connection)
    dribble(connection, piece)
    answer = everything(connection)
    assert answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 400"))


def test_a_head_without_an_end_is_refused(connection: socket.socket) -> None:
    connection.sendall(HEAD[:21])
    line = b"X-Long: " + b"x" * 1_000 + b"\r\n"
    sent = 0
    try:
        while sent < 100 * HEAD_LIMIT:
            connection.sendall(line)
            sent += len(line)
    except OSError:
        pass
    assert sent < 100 * HEAD_LIMIT


def test_two_content_lengths_are_refused(connection: socket.socket) -> None:
    connection.sendall(HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: 6\r\n\r\n") + b"hello")
    assert everything(connection).startswith(b"HTTP/1.1 400")
