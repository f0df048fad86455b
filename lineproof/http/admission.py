"""How many requests are under way at once: others wait a moment, and are then told to come back.

Whoever waits least goes first. When more comes than can be answered, those who were accepted were
thereby accepted soon, and those who come back at once, whatever they are told, cost little.
"""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import OverloadedError
from lineproof.http.errors import problem

MAX_UNDER_WAY = 64
"""More would only wait for each other."""
PATIENCE_SECONDS = 0.5
_RETRY_AFTER = 1


class Admission:
    """ASGI middleware: 503 with Retry-After, before a byte of the body is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not await self._enter():
            error = OverloadedError(
                f"{MAX_UNDER_WAY} requests are under way already; this one was not accepted.",
                retry_after=_RETRY_AFTER,
            )
            answer = problem(error, request_id=scope.get("lineproof.request_id", ""))
            await answer(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._leave()

    async def _enter(self) -> bool:
        """Whether there is a place, or one came free in time."""
        if self._under_way < MAX_UNDER_WAY:
            self._under_way += 1
            return True
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await asyncio.wait([place], timeout=PATIENCE_SECONDS)
        except asyncio.CancelledError:
            if place.done():
                self._leave()
            else:
                self._waiting.remove(place)
            raise
        if not place.done():
            self._waiting.remove(place)
        return place.done()

    def _leave(self) -> None:
        if self._waiting:
            self._waiting.pop().set_result(None)
        else:
            self._under_way -= 1
