"""How many requests are under way at once: the next one is told when to come back."""

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import OverloadedError
from lineproof.http.errors import problem

MAX_UNDER_WAY = 128
"""More would only wait for each other, and for longer than a client does."""
_RETRY_AFTER = 1


class Admission:
    """ASGI middleware: 503 with Retry-After, before a byte of the body is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._under_way >= MAX_UNDER_WAY:
            error = OverloadedError(
                f"{MAX_UNDER_WAY} requests are under way already; this one was not accepted.",
                retry_after=_RETRY_AFTER,
            )
            answer = problem(error, request_id=scope.get("lineproof.request_id", ""))
            await answer(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
