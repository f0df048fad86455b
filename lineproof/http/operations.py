"""``POST /operations/<name>``: what ``lineproof.operations`` lists, each with JSON in and out."""

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.strict_json import parse_json_object
from lineproof import operations
from lineproof.http.content_type import JSON, require_type

if TYPE_CHECKING:
    from lineproof.services import Services

_SOURCE = "http"


def routes(services: "Services") -> list[BaseRoute]:
    """The one address."""

    async def operate(request: Request) -> Response:
        require_type(request, JSON)
        body = parse_json_object(await request.body())
        answer = await run_in_threadpool(
            operations.perform,
            services,
            request.path_params["name"],
            body,
            project=request.scope["lineproof.project"],
            source=_SOURCE,
        )
        return JSONResponse(answer)

    return [Route("/operations/{name}", operate, methods=["POST"])]
