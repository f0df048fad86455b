"""Comparisons and lineage over plain HTTP, for ``curl`` and for the command line.

``POST /compare`` holds two sets of runs against each other, ``POST /lineage`` walks the provenance
graph. Both only read: the method is POST because the question is a JSON document.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.canonical import JsonObject
from domain.strict_json import parse_json_object
from lineproof.comparisons import compare
from lineproof.http.content_type import JSON, require_type
from lineproof.lineages import lineage_answer

if TYPE_CHECKING:
    from lineproof.services import Services

_Ask: TypeAlias = "Callable[[Services, JsonObject, str], JsonObject]"


def routes(services: "Services") -> list[BaseRoute]:
    """The two addresses."""

    def asking(ask: _Ask) -> "Callable[[Request], object]":
        async def endpoint(request: Request) -> Response:
            require_type(request, JSON)
            body = parse_json_object(await request.body())
            project: str = request.scope["lineproof.project"]
            return JSONResponse(await run_in_threadpool(ask, services, body, project))

        return endpoint

    return [
        Route("/compare", asking(_compare), methods=["POST"]),
        Route("/lineage", asking(_lineage), methods=["POST"]),
    ]


def _compare(services: "Services", body: JsonObject, project: str) -> JsonObject:
    return compare(services, body, project=project)


def _lineage(services: "Services", body: JsonObject, project: str) -> JsonObject:
    return lineage_answer(services, body, project=project)
