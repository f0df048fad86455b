"""How long the head of a request may take to arrive, and how long it may be.

The server that carries us bounds neither, and no ASGI middleware sees a request before its head is
complete. So a connection that dribbles header lines, or empty lines between requests, would be held
for ever. Bodies have a limit of their own (``lineproof.http.body_limit``).
"""

import asyncio
from http import HTTPStatus
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from domain.errors import ErrorCode, UsageError
from lineproof.http.errors import problem

HEAD_LIMIT = 64 * 1024
"""Bytes of a head that comes in pieces."""


class TimedHeadProtocol(HttpToolsProtocol):
    """Answers 408 when the head of a request is late, 400 when it has no end."""

    head_seconds: ClassVar[float] = 10.0
    """From its first byte on; of a connection's first request, from the connection on."""

    _late: asyncio.TimerHandle | None = None
    _head = 0
    _upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self._disarm()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._upgraded or self.transport.is_closing():
            self._disarm()
            return
        if self._late is None and (not self.cycle or self.cycle.response_complete):
            self._arm()
        if self._late is not None:
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self._disarm()
                self.send_400_response("The head of the request is too long.")

    def _arm(self) -> None:
        self._late = self.loop.call_later(self.head_seconds, self._refuse)

    def _disarm(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late, self._head = None, 0

    def _refuse(self) -> None:
        """Say why to whoever has begun a request; a silent connection is just closed."""
        if self._head and not self.transport.is_closing():
            self.transport.write(_answer(self.head_seconds))
        self._disarm()
        self.transport.close()


def _answer(seconds: float) -> bytes:
    error = UsageError(
        f"The head of the request did not arrive within {seconds:g} seconds.",
        code=ErrorCode.REQUEST_TIMEOUT,
        hint="Send the request again over a better connection.",
    )
    response = problem(error, request_id="")
    status = HTTPStatus(response.status_code)
    headers = [*response.raw_headers, (b"connection", b"close")]
    lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode())]
    lines += [b"%b: %b" % pair for pair in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(response.body)
