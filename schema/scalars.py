"""Scalars that GraphQL lacks: 64-bit integers, moments in time, JSON documents.

A ``BigInt`` travels as a decimal string, because a JSON number beyond 2^53 loses digits in many
clients; a ``DateTime`` is RFC 3339 in UTC with milliseconds.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
Timestamp = NewType("Timestamp", int)
"""Milliseconds since the Unix epoch, UTC."""
Json = NewType("Json", object)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the end of RFC 3339."""


def parse_big_int(value: object) -> int:
    """The integer that a client sent as a number or as decimal text."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _INTEGER.fullmatch(value):
        number = int(value)
    else:
        raise GraphQLError("A BigInt is an integer or its decimal text.")
    if not -(2**63) <= number < 2**63:
        raise GraphQLError("A BigInt has 64 bits.")
    return number


def serialize_timestamp(value: int) -> str:
    """RFC 3339 text; a client's time outside of the years 1970 to 9999 is held at that edge."""
    moment = _EPOCH + timedelta(milliseconds=min(max(value, 0), _MAX_MS))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_timestamp(value: object) -> int:
    """Milliseconds since the epoch of an RFC 3339 text with an offset."""
    if not isinstance(value, str):
        raise GraphQLError("A DateTime is RFC 3339 text.")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError("A DateTime is RFC 3339 text.") from None
    if moment.tzinfo is None:
        raise GraphQLError("A DateTime needs an offset, for example Z.")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A 64-bit integer as decimal text; accepts an integer or its decimal text.",
        serialize=str,
        parse_value=parse_big_int,
    ),
    Timestamp: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC as RFC 3339 text with milliseconds.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=serialize_timestamp,
        parse_value=parse_timestamp,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value, as it stands recorded.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
