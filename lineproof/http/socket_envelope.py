"""What surrounds every socket: its log line, the headers of a refusal, masked failures."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineproof.http.envelope import add_headers
from lineproof.http.errors import masked_problem

_INTERNAL = 1011
"""RFC 6455, section 7.4.1, as registered with IANA: the server met an unexpected condition."""

log = structlog.get_logger()


class SocketEnvelope:
    """ASGI middleware inside ``Envelope``; no failure of a socket goes through it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        socket = _Socket(scope, receive, send)
        try:
            await self._app(scope, socket.receive, socket.send)
        except Exception as error:
            log.error("socket.failed", path=scope["path"], exc_info=error)
            await socket.fail()
        finally:
            socket.log_end()


class _Socket:
    """One socket, and what became of it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._began = time.perf_counter()
        self._request_id: str = scope["lineproof.request_id"]
        self._status = 0
        self._code = 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._code = self._code or message.get("code") or 0
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.http.response.start":
            self._status = message["status"]
            add_headers(message, self._request_id)
        elif message["type"] == "websocket.accept":
            self._status = 101
        elif message["type"] == "websocket.close":
            self._code = message.get("code", 1000)
        await self._send(message)

    async def fail(self) -> None:
        """Tell the client that something failed, and nothing of what."""
        if not self._status:
            refusal = masked_problem(request_id=self._request_id)
            await refusal(self._scope, self.receive, self.send)
        elif self._status == 101 and not self._code:
            await self.send({"type": "websocket.close", "code": _INTERNAL})

    def log_end(self) -> None:
        log.info(
            "socket.closed",
            path=self._scope["path"],
            project=self._scope.get("lineproof.project", ""),
            status=self._status,
            code=self._code,
            duration_ms=round((time.perf_counter() - self._began) * 1000, 1),
        )
