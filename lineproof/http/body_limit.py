"""How much a caller may send, and how long it may take.

A body is read whole before the application sees the request, so a declared length, an endless
stream of chunks and a slow sender all meet the same limit and cost at most that much memory.
A body that came as gzip is unfolded on the way, and what it unfolds to meets that limit; a stored
file is kept as it comes, so it may not.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import ErrorCode, LineproofError, UsageError
from lineproof.http.errors import problem
from lineproof.http.gzip_body import GzipBody
from lineproof.http.raw_headers import header

INGEST_LIMIT = 8 * 1024 * 1024
"""Bytes of a body where runs are recorded."""
QUERY_LIMIT = 64 * 1024
"""Bytes of a body that asks or declares something: queries, gate requests, policies."""
FILE_LIMIT = 64 * 1024 * 1024 * 1024
"""Bytes of a stored file, which is never held in memory."""
SECONDS = 30.0
"""How long a whole body may take to arrive, and each piece of a file."""

_PLAIN = "identity"
_GZIP = ("gzip", "x-gzip")
"""Both names of RFC 9110, section 8.4.1.3."""
_FILES = "/api/2.0/mlflow-artifacts/artifacts/"

_QUERY_PATHS = ("/compare", "/gate", "/graphql", "/lineage", "/policies")
_EVENT_PATH = "/api/v1/lineage"
"""Where OpenLineage's clients send events; not the query of a similar name."""


class _CallerGone(Exception):
    """The connection closed before the body was complete."""


class BodyLimit:
    """ASGI middleware: 413 beyond the limit, 408 when too slow, 415 for an unknown encoding."""

    def __init__(self, app: ASGIApp, *, seconds: float = SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            if _is_upload(scope):
                _check(scope, FILE_LIMIT, encodings=(_PLAIN,))
                await self._app(scope, _limited(receive, FILE_LIMIT, self._seconds), send)
                return
            async with asyncio.timeout(self._seconds):
                body = await _read(scope, receive)
        except _CallerGone:
            return
        except TimeoutError:
            await _refuse(_too_slow(self._seconds), scope, receive, send)
        except UsageError as error:
            await _refuse(error, scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)


async def _read(scope: Scope, receive: Receive) -> bytes:
    limit = _limit(scope["path"])
    gzip = GzipBody() if _check(scope, limit, encodings=(_PLAIN, *_GZIP)) in _GZIP else None
    parts = bytearray()
    taken = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _CallerGone
        piece = message.get("body", b"")
        taken += len(piece)
        parts += gzip.unfold(piece, limit + 1 - len(parts)) if gzip else piece
        if max(taken, len(parts)) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            if gzip:
                gzip.finish()
            return bytes(parts)


def _check(scope: Scope, limit: int, *, encodings: tuple[str, ...]) -> str:
    """Refuse a body by what its headers say of it, else say how it is encoded."""
    encoding = header(scope, b"content-encoding", _PLAIN).strip().lower()
    if encoding not in encodings:
        raise UsageError(
            f"A body with Content-Encoding {encoding[:60]!r} is not accepted here.",
            code=ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            hint=f"Send it with Content-Encoding {' or '.join(encodings)}.",
        )
    declared = header(scope, b"content-length", "0")
    if not (declared.isascii() and declared.isdigit()) or int(declared[:20]) > limit:
        raise _too_large(limit)
    return encoding


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "PUT" and _FILES in scope["path"]


def _limited(receive: Receive, limit: int, seconds: float) -> Receive:
    """The body piece by piece; ``UsageError`` beyond the limit or when a piece is late."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        try:
            async with asyncio.timeout(seconds):
                message = await receive()
        except TimeoutError as error:
            raise _too_slow(seconds) from error
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return limited


def _limit(path: str) -> int:
    plain = path.rstrip("/")
    is_query = plain.endswith(_QUERY_PATHS) and not plain.endswith(_EVENT_PATH)
    return QUERY_LIMIT if is_query else INGEST_LIMIT


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives ``body`` once, then whatever the connection says."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def _refuse(error: LineproofError, scope: Scope, receive: Receive, send: Send) -> None:
    response = problem(error, request_id=scope.get("lineproof.request_id", ""))
    response.headers["Connection"] = "close"
    await response(scope, receive, send)


def _too_large(limit: int) -> UsageError:
    return UsageError(
        f"The body is larger than {limit} bytes.",
        code=ErrorCode.TOO_LARGE,
        hint="Send less at once.",
        context={"limit": limit},
    )


def _too_slow(seconds: float) -> UsageError:
    return UsageError(
        f"The body did not arrive within {seconds:g} seconds.",
        code=ErrorCode.REQUEST_TIMEOUT,
        hint="Send the request again over a better connection.",
    )
