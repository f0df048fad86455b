"""Every typed error has its HTTP status."""

import pytest

from domain.errors import (
    BackendError,
    ConflictError,
    ErrorCode,
    IntegrityError,
    LineproofError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    StaleError,
    StorageFullError,
    UsageError,
)
from lineproof.http.errors import problem, status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError(""), 400),
        (UsageError("", code=ErrorCode.TOO_LARGE), 413),
        (UsageError("", code=ErrorCode.ENTRY_TOO_LARGE), 413),
        (UsageError("", code=ErrorCode.UNSUPPORTED_MEDIA_TYPE), 415),
        (UsageError("", code=ErrorCode.METHOD_NOT_ALLOWED), 405),
        (NotFoundError(""), 404),
        (ConflictError("", code=ErrorCode.IDEMPOTENCY_CONFLICT), 409),
        (PermissionDeniedError(""), 403),
        (PermissionDeniedError("", code=ErrorCode.FORBIDDEN_HOST), 421),
        (OverloadedError("", retry_after=1), 503),
        (StorageFullError(""), 507),
        (StaleError(""), 503),
        (IntegrityError(""), 500),
        (BackendError(""), 503),
        (LineproofError(""), 500),
    ],
)
def test_status(error: LineproofError, status: int) -> None:
    assert status_of(error) == status


def test_no_code_of_the_callers_own_making_is_a_server_error() -> None:
    for code in ErrorCode:
        if code is not ErrorCode.CONFIG_INVALID:
            assert 400 <= status_of(UsageError("", code=code)) < 500, code


def test_a_problem_shows_values_that_json_cannot_hold_as_text() -> None:
    error = UsageError("Wrong.", context={"path": object, "n": 3})
    assert b'"n": 3' in problem(error, request_id="r").body
