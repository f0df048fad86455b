"""Typed errors as RFC 9457 problem JSON: the one mapping from errors to HTTP statuses.

Routes that speak another protocol (MLflow, GraphQL) have their own bodies. An unexpected error is
masked: its answer holds the request id under which its traceback was logged, and nothing else.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from domain.errors import (
    BackendError,
    ConflictError,
    ErrorCode,
    IntegrityError,
    LineproofError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuarantinedError,
    StaleError,
    StorageFullError,
    UsageError,
)

PROBLEM_JSON = "application/problem+json"
_PROBLEM_TYPE = "urn:lineproof:error:"

_STATUS_OF_CODE = {
    ErrorCode.CONFIG_INVALID: 500,
    ErrorCode.ENTRY_TOO_LARGE: 413,
    ErrorCode.ERASED: 410,
    ErrorCode.FORBIDDEN_HOST: 421,
    ErrorCode.FORBIDDEN_ORIGIN: 403,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.REQUEST_TIMEOUT: 408,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
}
"""Codes whose status is not that of their class."""

_STATUS_OF_CLASS: tuple[tuple[type[LineproofError], int], ...] = (
    (UsageError, 400),
    (NotFoundError, 404),
    (ConflictError, 409),
    (PermissionDeniedError, 403),
    (QuarantinedError, 423),
    (OverloadedError, 503),
    (StorageFullError, 507),
    (StaleError, 503),
    (IntegrityError, 500),
    (BackendError, 503),
)


def status_of(error: LineproofError) -> int:
    """The HTTP status that ``error`` is answered with."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    for kind, status in _STATUS_OF_CLASS:
        if isinstance(error, kind):
            return status
    return 500


def problem(error: LineproofError, *, request_id: str) -> Response:
    """``error`` as problem JSON. An overloaded server also says when to come back."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, OverloadedError):
        headers["Retry-After"] = str(error.retry_after)
    return Response(
        json.dumps(_members(error, status, request_id), ensure_ascii=True),
        status_code=status,
        media_type=PROBLEM_JSON,
        headers=headers,
    )


def masked_problem(*, request_id: str) -> Response:
    """The answer to an unexpected error."""
    error = LineproofError(
        "The server failed to carry out the request.",
        code=ErrorCode.INTERNAL,
        hint="Give the request id to the operator: the cause stands under it in the server's log.",
    )
    return problem(error, request_id=request_id)


def request_id_of(request: Request) -> str:
    """The id of this request; empty when it did not come through the edge."""
    value: object = request.scope.get("lineproof.request_id", "")
    return str(value)


def _typed(request: Request, error: HTTPException) -> LineproofError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFoundError("There is nothing at this address.", hint="See docs: reference/http.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return UsageError(
            f"This address does not answer {request.method}.",
            code=ErrorCode.METHOD_NOT_ALLOWED,
            hint="The Allow header names the methods that it answers.",
        )
    return UsageError("The request is not valid.", code=ErrorCode.MALFORMED)


def _members(error: LineproofError, status: int, request_id: str) -> dict[str, object]:
    return {
        "type": f"{_PROBLEM_TYPE}{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": error.message,
        "code": str(error.code),
        "hint": error.hint,
        "retryable": error.retryable,
        "context": {name: _shown(value) for name, value in error.context.items()},
        "request_id": request_id,
    }


def _shown(value: object) -> object:
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


async def _answer_typed_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, LineproofError):
        raise error
    return problem(error, request_id=request_id_of(request))


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    """The router's own 404 and 405."""
    if not isinstance(error, HTTPException):
        raise error
    response = problem(_typed(request, error), request_id=request_id_of(request))
    response.headers.update(error.headers or {})
    return response


async def _answer_unexpected_error(request: Request, _error: Exception) -> Response:
    """Only masks: the edge, where the error goes on to, logs it."""
    return masked_problem(request_id=request_id_of(request))


EXCEPTION_HANDLERS: Mapping[Any, ExceptionHandler] = {
    LineproofError: _answer_typed_error,
    HTTPException: _answer_http_exception,
    Exception: _answer_unexpected_error,
}
"""What the application does with an exception that a route lets out."""
