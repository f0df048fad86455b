"""Who may ask: only programs and pages that name this server as the one they mean.

The server trusts the machine it runs on, so a web page of a stranger must not reach it. A name that
re-resolves to loopback (DNS rebinding) is caught by its Host header, a page of another origin by
its Origin header.
"""

import functools

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import ErrorCode, PermissionDeniedError
from lineproof.http.errors import problem
from lineproof.http.raw_headers import headers

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_SAFE_METHODS = ("GET", "HEAD")
_HTTP_PORT = 80


class OriginGuard:
    """ASGI middleware: 421 for a foreign Host, 403 for a foreign Origin on what may change state
    or open a WebSocket, which browsers let any page do.

    Allowed are the loopback names together with the port that the connection came in on.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = None if scope["type"] == "lifespan" else _objection(scope)
        if error is None:
            await self._app(scope, receive, send)
        else:
            response = problem(error, request_id=scope.get("lineproof.request_id", ""))
            await response(scope, receive, send)


def _objection(scope: Scope) -> PermissionDeniedError | None:
    allowed = _allowed_hosts(scope)
    hosts = headers(scope, b"host")
    if len(hosts) != 1 or hosts[0].lower() not in allowed:
        return PermissionDeniedError(
            "The Host header does not name this server.",
            code=ErrorCode.FORBIDDEN_HOST,
            hint=f"Use http://{allowed[0]}.",
        )
    if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
        return None
    if any(origin.lower() not in _origins(allowed) for origin in headers(scope, b"origin")):
        return PermissionDeniedError(
            "A page of another origin may not change or follow anything here.",
            code=ErrorCode.FORBIDDEN_ORIGIN,
            hint="Call the server from a program, or from its own pages.",
        )
    return None


def _allowed_hosts(scope: Scope) -> tuple[str, ...]:
    server: tuple[str, int | None] | None = scope.get("server")
    return _hosts_at(server[1] if server else None)


@functools.lru_cache(maxsize=8)
def _hosts_at(port: int | None) -> tuple[str, ...]:
    if port is None:
        return ()
    with_port = tuple(f"{name}:{port}" for name in LOOPBACK_NAMES)
    return with_port + (LOOPBACK_NAMES if port == _HTTP_PORT else ())


def _origins(hosts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"http://{host}" for host in hosts)
