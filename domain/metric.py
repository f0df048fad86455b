"""Metrics: points as they are logged, keys as they are compared, definitions as they are declared.

Values travel as decimal text (the shortest text that reads back to the same IEEE 754 double), so
that no byte of an entry or a verdict depends on how a language prints floats.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NotRequired, TypedDict

from domain.errors import ErrorCode, UsageError


class MetricPoint(TypedDict):
    """One logged value, as it stands in a ``run.logged`` payload."""

    key: str
    value: str
    """Decimal text of the double; ``NaN``, ``Infinity`` and ``-Infinity`` are kept as such."""
    step: int
    timestamp: int
    """The client's clock, milliseconds since the epoch. Recorded, never used to order entries."""
    model_id: NotRequired[str]
    dataset_name: NotRequired[str]
    dataset_digest: NotRequired[str]


class Direction(StrEnum):
    """Which way is better. NONE: no way, a delta rule on it is an ERROR."""

    HIGHER = "HIGHER"
    LOWER = "LOWER"
    TARGET = "TARGET"
    NONE = "NONE"


class Reducer(StrEnum):
    """How the points of one run become one number.

    LAST and FIRST order points by (step, timestamp, value), as MLflow does, so that the order of
    arrival changes nothing.
    """

    LAST = "LAST"
    MIN = "MIN"
    MAX = "MAX"
    MEAN = "MEAN"
    AT_STEP = "AT_STEP"


@dataclass(frozen=True, slots=True, order=True)
class MetricKey:
    """What is compared: a metric's name, the split it was measured on, and its reducer."""

    name: str
    split: str = ""
    reducer: Reducer = Reducer.LAST
    step: int | None = None
    """The step of an AT_STEP reducer, else None."""


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """How a metric is read: its direction, unit (UCUM) and reducer."""

    name: str
    direction: Direction = Direction.NONE
    target: str | None = None
    """Decimal text; only with Direction.TARGET."""
    unit: str = ""
    reducer: Reducer = Reducer.LAST
    step: int | None = None


def decimal_text(value: float) -> str:
    """The shortest decimal text that reads back to the same double."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


def parse_decimal(text: str) -> float:
    """The double that ``text`` names; ``UsageError`` (INVALID_ARGUMENT) when it names none.

    Text beyond the range of a double (``1e400``) is refused rather than turned into infinity.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
        if text not in ("NaN", "Infinity", "-Infinity"):
            raise _not_a_number(text) from None
    if math.isinf(value) and text.lstrip("+-").lower() not in ("inf", "infinity"):
        raise _not_a_number(text)
    return value


def _not_a_number(text: str) -> UsageError:
    return UsageError(
        f"{text[:60]!r} is not a number that a double can hold.",
        code=ErrorCode.INVALID_ARGUMENT,
        hint="Send a finite decimal, NaN, Infinity or -Infinity.",
    )
