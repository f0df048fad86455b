"""More connections than the server holds, over raw sockets against the protocol that it uses."""

import socket
import threading
import time
from contextlib import ExitStack

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from lineproof.http.connections import CountedProtocol
from tests.lineproof.test_timed_head import everything

ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def _hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def test_f11_a_connection_too_many_is_told_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lineproof.http.connections.MAX_CONNECTIONS", 2)
    app = Starlette(routes=[Route("/", _hello)])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=CountedProtocol, lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        address = server.servers[0].sockets[0].getsockname()
        with ExitStack() as opened:
            first, second = (
                opened.enter_context(socket.create_connection(address, timeout=30))
                for _ in range(2)
            )
            assert _answer(first).startswith(b"HTTP/1.1 200 ")
            assert _answer(second).startswith(b"HTTP/1.1 200 ")
            third = opened.enter_context(socket.create_connection(address, timeout=30))
            third.sendall(ASK)
            refused = everything(third)  # The server closes it.
            assert refused.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 1\r\n" in refused.lower()
            assert _answer(first).startswith(b"HTTP/1.1 200 ")
    finally:
        server.should_exit = True
        thread.join()


def _answer(connection: socket.socket) -> bytes:
    connection.sendall(ASK)
    answer = b""
    while not answer.endswith(b"hello"):
        part = connection.recv(65_536)
        assert part, answer
        answer += part
    return answer
