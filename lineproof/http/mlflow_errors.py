"""Typed errors as MLflow's own bodies: ``{"error_code", "message"}`` with its codes and statuses.

Our stable code and hint stand beside them for clients that know us. Two answers differ from
MLflow's on purpose: INVALID_STATE comes as 400 rather than 500, which MLflow's client would repeat
for minutes, and a conflict that MLflow lets its database describe has a code of its own.
"""

import json

from starlette.responses import Response

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

_BY_CODE: dict[ErrorCode, tuple[str, int]] = {
    ErrorCode.ALREADY_EXISTS: ("RESOURCE_ALREADY_EXISTS", 400),
    ErrorCode.ENTRY_TOO_LARGE: ("INVALID_PARAMETER_VALUE", 413),
    ErrorCode.ERASED: ("RESOURCE_DOES_NOT_EXIST", 410),
    ErrorCode.IDEMPOTENCY_CONFLICT: ("RESOURCE_CONFLICT", 409),
    ErrorCode.PARAM_IMMUTABLE: ("INVALID_PARAMETER_VALUE", 400),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: ("BAD_REQUEST", 415),
}
"""Codes whose answer is not that of their class."""

_INVALID_STATE = ("INVALID_STATE", 400)

_BY_CLASS: tuple[tuple[type[LineproofError], tuple[str, int]], ...] = (
    (UsageError, ("INVALID_PARAMETER_VALUE", 400)),
    (NotFoundError, ("RESOURCE_DOES_NOT_EXIST", 404)),
    (ConflictError, ("RESOURCE_CONFLICT", 409)),
    (PermissionDeniedError, ("PERMISSION_DENIED", 403)),
    (QuarantinedError, ("INVALID_STATE", 423)),
    (OverloadedError, ("TEMPORARILY_UNAVAILABLE", 503)),
    (StorageFullError, ("RESOURCE_EXHAUSTED", 507)),
    (StaleError, ("TEMPORARILY_UNAVAILABLE", 503)),
    (IntegrityError, ("DATA_LOSS", 500)),
    (BackendError, ("TEMPORARILY_UNAVAILABLE", 503)),
)


def error_answer(error: LineproofError) -> Response:
    """What MLflow's client is told of ``error``."""
    error_code, status = _code_and_status(error)
    headers: dict[str, str] = {}
    if isinstance(error, OverloadedError):
        headers["Retry-After"] = str(error.retry_after)
    return _answer(error_code, status, str(error), error.code, headers)


def masked_answer(request_id: str) -> Response:
    """The answer to an unexpected error: nothing but where its cause is logged."""
    message = f"The server failed to carry out the request. Its cause is logged under {request_id}."
    return _answer("INTERNAL_ERROR", 500, message, ErrorCode.INTERNAL, {})


def not_implemented_answer(message: str) -> Response:
    """The answer for a way of doing something that MLflow's clients try and can do without."""
    return _answer("NOT_IMPLEMENTED", 501, message, ErrorCode.NOT_FOUND, {})


def unknown_endpoint_answer(path: str) -> Response:
    """The answer for a part of MLflow's API that is not served."""
    message = f"There is no API at {path[:200]}. Lineproof serves MLflow's tracking API 2.0."
    return _answer("ENDPOINT_NOT_FOUND", 404, message, ErrorCode.NOT_FOUND, {})


def _code_and_status(error: LineproofError) -> tuple[str, int]:
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if error.code is ErrorCode.EXPERIMENT_DELETED and isinstance(error, ConflictError):
        return _INVALID_STATE
    for kind, answer in _BY_CLASS:
        if isinstance(error, kind):
            return answer
    return "INTERNAL_ERROR", 500


def _answer(
    error_code: str, status: int, message: str, code: ErrorCode, headers: dict[str, str]
) -> Response:
    body = {"error_code": error_code, "message": message, "lineproof_code": code.value}
    return Response(
        json.dumps(body), status_code=status, media_type="application/json", headers=headers
    )
