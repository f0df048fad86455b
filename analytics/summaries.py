"""Summaries of a run's metric series: exact, commutative, mergeable in any order.

A summary is a commutative monoid: ``summarise`` makes one of the points of one entry, ``merge``
joins two of the same series, and the result is the same whatever the order and the grouping.
``first`` and ``last`` order points as MLflow does (see ``series_order``); ``total`` is the exact
sum, so the mean is the correctly rounded quotient whatever the order of arrival.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

SeriesPoint: TypeAlias = tuple[int, int, float]
"""(step, timestamp in milliseconds, value)."""
SeriesOrder: TypeAlias = tuple[int, int, float, int]


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What comparison needs of one metric of one run."""

    key: str
    count: int
    first: float
    last: float
    last_step: int
    last_timestamp: int
    min: float
    """Over the values that are not NaN; NaN when there is none. The same for ``max``."""
    max: float
    total: Fraction
    """Exact sum of the finite values."""
    non_finite: int
    """How many values are NaN or infinite; the mean is NaN unless this is zero."""
    seq: int
    """The last entry that contributed."""
    seq_first: int = 0
    """No entry before this one contributed."""
    first_step: int = 0
    first_timestamp: int = 0

    @property
    def mean(self) -> float:
        """The correctly rounded mean; NaN when any value was not finite."""
        if self.non_finite or not self.count:
            return float("nan")
        return float(self.total / self.count)


def series_order(point: SeriesPoint) -> SeriesOrder:
    """The total order of a series: (step, timestamp, value), as MLflow's tracking store has it.

    MLflow stores NaN as zero with a flag, so NaN compares as zero. Where MLflow then keeps
    whichever came first, we order -0.0 before 0.0 before NaN, so that arrival changes nothing:
    two points of equal order have equal values.
    """
    step, timestamp, value = point
    if value == 0.0:
        return (step, timestamp, 0.0, 0 if math.copysign(1.0, value) < 0 else 1)
    if value == value:
        return (step, timestamp, value, 0)
    return (step, timestamp, 0.0, 2)


def summarise(key: str, points: Sequence[SeriesPoint], seq: int) -> MetricSummary:
    """The summary of the points that entry ``seq`` holds of one series; at least one point."""
    first = min(points, key=series_order)
    last = max(points, key=series_order)
    values = [point[2] for point in points]
    finite = [value for value in values if math.isfinite(value)]
    low, high = _extremes(values)
    return MetricSummary(
        key=key,
        count=len(values),
        first=first[2],
        last=last[2],
        last_step=last[0],
        last_timestamp=last[1],
        min=low,
        max=high,
        total=exact_sum(finite),
        non_finite=len(values) - len(finite),
        seq=seq,
        seq_first=seq,
        first_step=first[0],
        first_timestamp=first[1],
    )


def merge(left: MetricSummary, right: MetricSummary) -> MetricSummary:
    """The summary of both sides' points together; both are of the same series."""
    first = min(_first(left), _first(right), key=series_order)
    last = max(_last(left), _last(right), key=series_order)
    return MetricSummary(
        key=left.key,
        count=left.count + right.count,
        first=first[2],
        last=last[2],
        last_step=last[0],
        last_timestamp=last[1],
        min=_extremes((left.min, right.min))[0],
        max=_extremes((left.max, right.max))[1],
        total=left.total + right.total,
        non_finite=left.non_finite + right.non_finite,
        seq=max(left.seq, right.seq),
        seq_first=min(left.seq_first, right.seq_first),
        first_step=first[0],
        first_timestamp=first[1],
    )


def exact_sum(values: Iterable[float]) -> Fraction:
    """The sum of finite doubles without rounding; every order gives the same value.

    A double is an integer over a power of two, so numerators are added per denominator, which
    keeps the integers small, and the few denominators are joined at the end.
    """
    numerators: dict[int, int] = {}
    for value in values:
        numerator, denominator = value.as_integer_ratio()
        numerators[denominator] = numerators.get(denominator, 0) + numerator
    if not numerators:
        return Fraction(0)
    finest = max(numerators)
    joined = sum(part * (finest // denominator) for denominator, part in numerators.items())
    return Fraction(joined, finest)


def _first(summary: MetricSummary) -> SeriesPoint:
    return (summary.first_step, summary.first_timestamp, summary.first)


def _last(summary: MetricSummary) -> SeriesPoint:
    return (summary.last_step, summary.last_timestamp, summary.last)


def _extremes(values: Sequence[float]) -> tuple[float, float]:
    """Least and greatest of the values that are not NaN; -0.0 counts as less than 0.0."""
    numbers = [value for value in values if value == value]
    if not numbers:
        return (math.nan, math.nan)
    low, high = min(numbers), max(numbers)
    if low == 0.0 or high == 0.0:
        signs = [math.copysign(1.0, value) for value in numbers if value == 0.0]
        low = math.copysign(0.0, min(signs)) if low == 0.0 else low
        high = math.copysign(0.0, max(signs)) if high == 0.0 else high
    return (low, high)
