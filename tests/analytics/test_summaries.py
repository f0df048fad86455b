"""Summaries are a commutative monoid with exact sums and MLflow's order of a series."""

import math
import struct
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.summaries import MetricSummary, exact_sum, merge, series_order, summarise

values = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308]),
)
points = st.tuples(st.integers(-2, 3), st.integers(0, 2), values)
entries = st.lists(st.lists(points, min_size=1, max_size=4), min_size=1, max_size=6)


def bits(value: float) -> bytes:
    """All NaN alike, -0.0 and 0.0 apart."""
    return b"nan" if math.isnan(value) else struct.pack(">d", value)


def exact(summary: MetricSummary) -> tuple[object, ...]:
    floats = (summary.first, summary.last, summary.min, summary.max, summary.mean)
    return (
        summary.key,
        summary.count,
        summary.total,
        summary.non_finite,
        *(summary.seq_first, summary.seq),
        *(summary.first_step, summary.first_timestamp),
        *(summary.last_step, summary.last_timestamp),
        *map(bits, floats),
    )


@given(entries, st.randoms(use_true_random=False))
def test_any_order_and_any_grouping_give_the_same_summary(entries, random):
    parts = [summarise("loss", entry, seq) for seq, entry in enumerate(entries)]
    expected = exact(reduce(merge, parts))
    while len(parts) > 1:
        left = parts.pop(random.randrange(len(parts)))
        right = parts.pop(random.randrange(len(parts)))
        parts.append(merge(left, right))
    assert exact(parts[0]) == expected


@given(st.lists(points, min_size=1, max_size=8))
def test_a_merge_is_the_summary_of_all_points(series):
    whole = summarise("loss", series, 4)
    parts = reduce(merge, [summarise("loss", [point], 4) for point in series])
    assert exact(parts) == exact(whole)


@given(st.lists(points, min_size=1, max_size=8))
def test_the_last_value_is_the_one_that_mlflow_keeps(series):
    """MLflow replaces its latest value when (step, timestamp, value) is greater, NaN being 0."""

    def mlflow(point):
        step, timestamp, value = point
        return (step, timestamp, 0.0 if math.isnan(value) else value)

    summary = summarise("loss", series, 0)
    kept = (summary.last_step, summary.last_timestamp, summary.last)
    assert mlflow(kept) == max(map(mlflow, series))


@given(points, points)
def test_points_of_equal_order_have_equal_values(left, right):
    if series_order(left) == series_order(right):
        assert bits(left[2]) == bits(right[2])
    else:
        assert (series_order(left) < series_order(right)) != (
            series_order(right) < series_order(left)
        )


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_the_sum_is_exact(numbers):
    assert exact_sum(numbers) == sum(map(Fraction, numbers), Fraction(0))


def test_the_mean_is_correctly_rounded_where_adding_floats_is_not():
    summary = summarise("loss", [(0, 0, 1e16), (1, 0, 1.0), (2, 0, -1e16)], 0)
    assert summary.mean == 1 / 3
    assert summary.total == 1


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_leaves_no_mean(odd):
    summary = summarise("loss", [(0, 0, 1.0), (1, 0, odd)], 0)
    assert math.isnan(summary.mean)
    assert summary.non_finite == 1
    assert summary.total == 1


def test_extremes_skip_nan_unless_there_is_nothing_else():
    mixed = summarise("loss", [(0, 0, math.nan), (1, 0, 2.0), (2, 0, -math.inf)], 0)
    assert (mixed.min, mixed.max) == (-math.inf, 2.0)
    only = summarise("loss", [(0, 0, math.nan)], 0)
    assert math.isnan(only.min)
    assert math.isnan(only.max)


def test_the_sum_of_the_largest_values_has_a_mean():
    largest = 1.7976931348623157e308
    assert summarise("loss", [(0, 0, largest), (1, 0, largest)], 0).mean == largest
