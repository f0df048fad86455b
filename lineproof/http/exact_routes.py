"""Routes without parameters, found by one look-up instead of a hundred regular expressions."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Answers one request and raises nothing."""


class ExactRoutes(BaseRoute):
    """Hands a request to the endpoint of its method and path, and leaves others alone."""

    def __init__(self, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self._endpoints = endpoints

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for a method and path that are known."""
        known = scope["type"] == "http" and (scope["method"], scope["path"]) in self._endpoints
        return (Match.FULL if known else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """No route of these has a name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that ``matches``."""
        endpoint = self._endpoints[(scope["method"], scope["path"])]
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)
