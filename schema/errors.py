"""Which failures a GraphQL client sees, and how: expected ones with their code, others masked.

Every error carries ``extensions.code`` and ``extensions.requestId``; an expected one also its hint,
its context and whether the same request may succeed later. What nobody expected shows nothing of
itself but the request id, under which its traceback stands in the server's log.
"""

from collections.abc import Mapping, Sequence
from typing import cast

from graphql import GraphQLError

from domain.errors import ErrorCode, LineproofError, UsageError

_MASKED = "The server failed to carry out this part of the request."
_MASKED_HINT = "Give the request id to the operator: the cause stands under it in the server's log."


def expected(error: GraphQLError) -> LineproofError | None:
    """The typed error behind ``error``; None when it was not expected.

    What GraphQL itself objects to before any field is executed (an unknown field, a wrong variable)
    is the caller's to mend: a ``UsageError``. With a path, an error without a type is ours.
    """
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    if isinstance(original, LineproofError):
        return original
    if error.path is None and (original is None or isinstance(original, GraphQLError)):
        return UsageError(error.message, hint="Check the request against the schema.")
    return None


def formatted(error: GraphQLError, *, request_id: str) -> dict[str, object]:
    """``error`` as the GraphQL response format has it (GraphQL specification, section 7.1.2)."""
    known = expected(error)
    shown: dict[str, object] = {"message": known.message if known else _MASKED}
    if error.locations:
        shown["locations"] = [
            {"line": location.line, "column": location.column} for location in error.locations
        ]
    if error.path is not None:
        shown["path"] = list(error.path)
    shown["extensions"] = _extensions(known, request_id)
    return shown


def codes_of(shown: Sequence[Mapping[str, object]]) -> list[str]:
    """The code of each formatted error."""
    return [str(cast("Mapping[str, object]", each["extensions"])["code"]) for each in shown]


def request_error(error: LineproofError, *, request_id: str) -> dict[str, object]:
    """A failure of the whole request, before any field."""
    return {"message": error.message, "extensions": _extensions(error, request_id)}


def _extensions(error: LineproofError | None, request_id: str) -> dict[str, object]:
    if error is None:
        return {"code": str(ErrorCode.INTERNAL), "hint": _MASKED_HINT, "requestId": request_id}
    return {
        "code": str(error.code),
        "hint": error.hint,
        "retryable": error.retryable,
        "context": _plain(error.context),
        "requestId": request_id,
    }


def _plain(context: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value if isinstance(value, str | int | bool) or value is None else str(value)
        for name, value in context.items()
    }
