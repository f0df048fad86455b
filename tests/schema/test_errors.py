"""Which failures a client sees."""

import pytest
from graphql import GraphQLError

from domain.errors import ErrorCode, OverloadedError, UsageError
from schema.errors import expected, formatted, request_error


def test_a_typed_error_keeps_its_code_hint_and_context() -> None:
    cause = UsageError("Too wide.", code=ErrorCode.TOO_LARGE, hint="Narrow.", context={"n": 3})
    error = GraphQLError("wrapped", path=["a", 0], original_error=cause)
    shown = formatted(error, request_id="r")
    assert shown == {
        "message": "Too wide.",
        "path": ["a", 0],
        "extensions": {
            "code": "TOO_LARGE",
            "hint": "Narrow.",
            "retryable": False,
            "context": {"n": 3},
            "requestId": "r",
        },
    }


def test_a_typed_error_is_found_below_graphql_errors() -> None:
    cause = OverloadedError("Full.", retry_after=2)
    inner = GraphQLError("inner", original_error=cause)
    assert expected(GraphQLError("outer", original_error=inner)) is cause


@pytest.mark.parametrize(
    "error",
    [
        GraphQLError("secret", path=["a"], original_error=RuntimeError("secret")),
        GraphQLError("secret", original_error=KeyError("secret")),
        GraphQLError("Float cannot represent secret", path=["a"]),
        GraphQLError("x", path=["a"], original_error=GraphQLError("Float cannot be secret")),
    ],
)
def test_what_nobody_expected_is_masked(error: GraphQLError) -> None:
    shown = formatted(error, request_id="r")
    assert "secret" not in str(shown)
    assert shown["extensions"]["code"] == "INTERNAL"  # type: ignore[index]


def test_what_graphql_objects_to_is_the_callers_to_mend() -> None:
    found = expected(GraphQLError("Cannot query field 'x'."))
    assert isinstance(found, UsageError)


def test_a_failure_before_any_field_has_no_path() -> None:
    shown = request_error(UsageError("No.", context={"where": ["a"]}), request_id="r")
    assert set(shown) == {"message", "extensions"}
    assert shown["extensions"]["context"] == {"where": "['a']"}  # type: ignore[index]
