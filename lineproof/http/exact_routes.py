"""Endpoints found by one look-up of method and path, before any router is asked."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Answers one request and raises nothing."""


class ExactRoutes:
    """ASGI middleware: hands a request to the endpoint of its method and path, others on."""

    def __init__(self, app: ASGIApp, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = (scope.get("method", ""), scope.get("path", ""))
        endpoint = self._endpoints.get(place)
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)
