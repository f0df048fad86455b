"""The WebSocket protocol of this server: a client that does not read is cut off.

What it does not read waits in memory, and nobody can tell it so: it does not read.
"""

import asyncio
from typing import ClassVar

import structlog
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

log = structlog.get_logger()


class SocketProtocol(WebSocketsSansIOProtocol):
    """Ends the connection when what was sent has been waiting for too long."""

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

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            # A handshake that was refused with an answer is complete; else that is logged as an
            # error of the application.
            self.handshake_complete = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _disarm(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = None

    def _cut_off(self) -> None:
        log.warning("socket.stalled", seconds=self.stalled_seconds)
        self.transport.abort()
