"""Scalars at their edges."""

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import parse_big_int, parse_timestamp, serialize_timestamp


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_big_int_is_read_as_number_and_as_text(value: int) -> None:
    assert parse_big_int(value) == value
    assert parse_big_int(str(value)) == value


@pytest.mark.parametrize(
    "value", [True, 1.0, "", "1.0", "+1", "01", " 1", "x", None, 2**63, str(2**63), "١", "-", [1]]
)
def test_what_is_no_big_int_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError):
        parse_big_int(value)


@given(st.integers(0, 253_402_300_799_999))
def test_a_moment_reads_back(value: int) -> None:
    text = serialize_timestamp(value)
    assert text.endswith("Z")
    assert parse_timestamp(text) == value


def test_a_moment_outside_of_rfc_3339_is_held_at_its_edge() -> None:
    assert serialize_timestamp(-5) == "1970-01-01T00:00:00.000Z"
    assert serialize_timestamp(2**62) == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize("value", [5, "yesterday", "2024-01-01T00:00:00", ""])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError):
        parse_timestamp(value)
