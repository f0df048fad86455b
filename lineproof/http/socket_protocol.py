"""The WebSocket protocol of this server: a client that does not read is cut off, and one that
sends what it may not send is told so.
"""

import asyncio
from typing import ClassVar

import structlog
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

log = structlog.get_logger()


class SocketProtocol(WebSocketsSansIOProtocol):
    """Ends the connection when what was sent has been waiting for too long: it would wait in
    memory, and nobody can tell a client that does not read."""

    stalled_seconds: ClassVar[float] = 10.0
    """How long the connection may hold back what we send."""

    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Whatever the system does not take at once is held back, however little it is.
        self.transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stalled_seconds, self._cut_off)

    def resume_writing(self) -> None:
        self._disarm()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            # A handshake that was refused with an answer is complete; else that is logged as an
            # error of the application.
            self.handshake_complete = True

    def handle_parser_exception(self) -> None:
        """Close, but take what the client is still sending: else the system resets the connection,
        and the client never reads why (RFC 6455, section 7.1.1)."""
        if self.close_sent:
            return
        close = self.conn.close_sent
        assert close is not None
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": close.code, "reason": close.reason}
        )
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def _disarm(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = None

    def _cut_off(self) -> None:
        log.warning("socket.stalled", seconds=self.stalled_seconds)
        self.transport.abort()
