"""The door for OpenLineage integrations: ``POST /api/v1/lineage``, and ``…/batch`` for many.

As openlineage.io/spec/2-0-2/OpenLineage.yml says: 200 for an event that is recorded (or was
already), and for a batch a summary in which events that were refused are listed with the reason.
"""

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.canonical import JsonValue
from domain.errors import ErrorCode, UsageError
from domain.ids import DEFAULT_PROJECT
from domain.strict_json import parse_json, parse_json_object
from lineproof.http.content_type import JSON, require_type
from lineproof.lineage_events import LineageEvents, Recorded

if TYPE_CHECKING:
    from lineproof.services import Services

MAX_BATCH = 1_000
"""Events of one request."""


def routes(services: "Services") -> list[BaseRoute]:
    """The two addresses."""
    events = LineageEvents(services)

    async def one(request: Request) -> Response:
        require_type(request, JSON)
        body = parse_json_object(await request.body())
        (recorded,) = await run_in_threadpool(events.record, [body], project=_project(request))
        if recorded.error is not None:
            raise recorded.error
        return JSONResponse({"status": "success", "entries": recorded.entries})

    async def many(request: Request) -> Response:
        require_type(request, JSON)
        bodies = _list(parse_json(await request.body()))
        results = await run_in_threadpool(events.record, bodies, project=_project(request))
        return JSONResponse(_summary(results))

    return [
        Route("/api/v1/lineage", one, methods=["POST"]),
        Route("/api/v1/lineage/batch", many, methods=["POST"]),
    ]


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise UsageError("A batch is a JSON array of events.", code=ErrorCode.MALFORMED)
    if len(value) > MAX_BATCH:
        raise UsageError(
            f"The batch holds {len(value)} events; {MAX_BATCH} are allowed.",
            code=ErrorCode.TOO_LARGE,
            hint="Send it in parts.",
        )
    return value


def _summary(results: list[Recorded]) -> dict[str, object]:
    failed = [
        {
            "index": index,
            "reason": f"{result.error.code}: {result.error.message}",
            "retriable": result.error.retryable,
        }
        for index, result in enumerate(results)
        if result.error
    ]
    retriable = sum(1 for one in failed if one["retriable"])
    return {
        "status": "partial_success" if failed else "success",
        "summary": {
            "received": len(results),
            "successful": len(results) - len(failed),
            "failed": len(failed),
            "retriable": retriable,
            "non_retriable": len(failed) - retriable,
        },
        "failed_events": failed,
    }


def _project(request: Request) -> str:
    return str(request.scope.get("lineproof.project", DEFAULT_PROJECT))
