"""``POST /graphql``: GraphQL over HTTP, without queries by GET, batches or multipart bodies.

https://graphql.github.io/graphql-over-http/: a request that cannot be executed is answered with
4xx or 5xx whatever the media type; once fields were executed the status is 200, errors or not.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import orjson
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from strawberry.types import ExecutionResult

from domain.errors import ErrorCode, LineproofError, UsageError
from domain.strict_json import parse_json
from lineproof.http.errors import request_id_of, status_of
from schema.build import SCHEMA
from schema.context import request_context
from schema.errors import codes_of, expected, formatted, request_error

if TYPE_CHECKING:
    from lineproof.services import Services

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of one request."""

    query: str
    operation_name: str | None
    variables: dict[str, object]


def routes(services: "Services") -> list[BaseRoute]:
    """``POST /graphql``. A page for people who come with GET is the explorer's."""

    async def graphql(request: Request) -> Response:
        request_id = request_id_of(request)
        media_type = _media_type(request)
        try:
            _check_media_type(request)
            asked = parse_request(await request.body())
            # A thread for each request: resolvers block, and loaders need a loop of their own.
            result = await run_in_threadpool(
                _execute, services, asked, _project(request), request_id
            )
        except LineproofError as error:
            body = {"errors": [request_error(error, request_id=request_id)]}
            return _answer(body, status_of(error), media_type)
        return _answered(result, asked, request_id, media_type)

    return [Route("/graphql", graphql, methods=["POST"])]


def parse_request(body: bytes) -> GraphQLRequest:
    """The request in ``body``; ``UsageError`` (MALFORMED) when it is not one."""
    return request_of(parse_json(body))


def request_of(value: object) -> GraphQLRequest:
    """The request that a JSON value is; ``UsageError`` (MALFORMED) when it is not one."""
    if isinstance(value, list):
        raise _malformed("batches are not accepted", "Send one operation a request.")
    if not isinstance(value, Mapping):
        raise _malformed("the body is not a JSON object", 'Send {"query": "{ ... }"}.')
    members = cast("Mapping[str, object]", value)
    query = members.get("query")
    name = members.get("operationName")
    variables = members.get("variables")
    if not isinstance(query, str) or not query:
        raise _malformed("'query' is not text or empty", 'Send {"query": "{ ... }"}.')
    if name is not None and not isinstance(name, str):
        raise _malformed("'operationName' is not text", "Leave it out, or name an operation.")
    if variables is not None and not isinstance(variables, Mapping):
        raise _malformed("'variables' is not an object", "Leave it out, or send an object.")
    return GraphQLRequest(query, name or None, dict(cast("Mapping[str, object]", variables or {})))


def _execute(
    services: "Services", asked: GraphQLRequest, project: str, request_id: str
) -> ExecutionResult:
    context = request_context(services, project=project, request_id=request_id)
    return asyncio.run(
        SCHEMA.execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
        )
    )


def _answered(
    result: ExecutionResult, asked: GraphQLRequest, request_id: str, media_type: str
) -> Response:
    errors = result.errors or []
    shown = [formatted(error, request_id=request_id) for error in errors]
    log.info("graphql.answered", operation=asked.operation_name, errors=codes_of(shown))
    refused = bool(errors) and result.data is None and errors[0].path is None
    body: dict[str, object] = {} if refused else {"data": result.data}
    if shown:
        body["errors"] = shown
    status = 200
    if refused:
        known = expected(errors[0])
        status = status_of(known) if known else 500
    return _answer(body, status, media_type)


def _answer(body: Mapping[str, object], status: int, media_type: str) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"Content-Type": f"{media_type}; charset=utf-8"},
    )


def _project(request: Request) -> str:
    project: str = request.scope["lineproof.project"]
    return project


def _media_type(request: Request) -> str:
    """What the client says it reads; plain JSON when it does not know the newer type."""
    return GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON


def _check_media_type(request: Request) -> None:
    """A web page's form cannot send JSON, so it cannot ask for anything."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != JSON:
        raise UsageError(
            f"A body of type {given[:60] or 'none'!r} is not accepted here.",
            code=ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            hint=f"Send Content-Type: {JSON}.",
        )


def _malformed(why: str, hint: str) -> UsageError:
    return UsageError(
        f"The body is not a GraphQL request: {why}.", code=ErrorCode.MALFORMED, hint=hint
    )
