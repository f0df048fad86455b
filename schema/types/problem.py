"""Expected failures as members of a result, so that a client can tell them apart by type."""

import strawberry

from domain.errors import (
    ConflictError,
    LineproofError,
    NotFoundError,
    OverloadedError,
    StaleError,
    StorageFullError,
    UsageError,
)


@strawberry.interface(description="Why a request was not carried out. Nothing was written.")
class Problem:
    """Why a request was not carried out."""

    code: str = strawberry.field(description="Stable error code, see the reference.")
    message: str = strawberry.field(description="What is wrong, in one sentence.")
    hint: str = strawberry.field(description="What to do about it.")


@strawberry.type(description="The request cannot be carried out as it stands; change it.")
class InvalidRequest(Problem):
    """The request cannot be carried out as it stands."""


@strawberry.type(description="No such policy, run or verdict in this project.")
class NotFound(Problem):
    """No such thing in this project."""


@strawberry.type(description="The request contradicts what is already recorded.")
class Conflict(Problem):
    """The request contradicts what is already recorded."""


@strawberry.type(description="Not now: the same request may succeed later.")
class Unavailable(Problem):
    """The same request may succeed later."""

    retry_after: int | None = strawberry.field(description="Seconds to wait, if that is known.")


def problem_of(error: LineproofError) -> Problem | None:
    """The problem that ``error`` is; None for failures that are the server's own."""
    if isinstance(error, OverloadedError):
        return Unavailable(retry_after=error.retry_after, **_members(error))
    if isinstance(error, StaleError | StorageFullError):
        return Unavailable(retry_after=None, **_members(error))
    if isinstance(error, UsageError):
        return InvalidRequest(**_members(error))
    if isinstance(error, NotFoundError):
        return NotFound(**_members(error))
    if isinstance(error, ConflictError):
        return Conflict(**_members(error))
    return None


def _members(error: LineproofError) -> dict[str, str]:
    return {"code": str(error.code), "message": error.message, "hint": error.hint}
