"""What surrounds every request: its id, its log line, the headers of its answer, masked failures.

An ``X-Request-Id`` of the caller's is kept when it is short and plain, so that one id runs through
all of a caller's systems; otherwise a fresh one is drawn. It stands in the answer, in every log
event of the request and in ``scope["lineproof.request_id"]``. The rest of what surrounds a socket
is in ``socket_envelope``.
"""

import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.ids import IdSource
from lineproof.http.errors import masked_problem
from lineproof.http.raw_headers import header

SECURITY_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
"""Added to every answer that does not say otherwise itself."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

log = structlog.get_logger()


class Envelope:
    """Outermost ASGI middleware; ``app`` never raises through it."""

    def __init__(self, app: ASGIApp, ids: IdSource) -> None:
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        scope["lineproof.request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "http":
                await self._handle(scope, receive, send, request_id)
            else:
                await self._app(scope, receive, send)

    def _request_id(self, scope: Scope) -> str:
        given = header(scope, b"x-request-id")
        return given if _REQUEST_ID.fullmatch(given) else self._ids.hex32()

    async def _handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        status = 0
        path = scope["path"]
        began = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            log.error("http.request_failed", path=path, exc_info=error)
            if not status:
                await masked_problem(request_id=request_id)(scope, receive, send_with_headers)
        finally:
            log.info(
                "http.request_handled",
                method=scope["method"],
                path=path,
                project=scope.get("lineproof.project", ""),
                status=status,
                duration_ms=round((time.perf_counter() - began) * 1000, 1),
            )


def add_headers(message: Message, request_id: str) -> None:
    """What every answer says, added to one that begins."""
    headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
    said = {name for name, _ in headers}
    headers += [pair for pair in SECURITY_HEADERS.items() if pair[0] not in said]
    message["headers"] = [*headers, (b"x-request-id", request_id.encode())]
