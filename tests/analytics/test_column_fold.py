"""Folding columns gives the rows that folding points one by one gives."""

import math

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.column_fold import fold_columns
from analytics.metric_rows import PointRow, fold, point_frame, summary_frame

EXTREME = [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1e308, 2.0**36, -(2.0**-97)]
values = st.floats() | st.floats(0.5, 1.0) | st.sampled_from(EXTREME)


@st.composite
def rows(draw: st.DrawFn) -> list[PointRow]:
    found: list[PointRow] = []
    for ordinal in range(draw(st.integers(0, 12))):
        run, key = draw(st.sampled_from("rs")), draw(st.sampled_from("kl"))
        step, at, seq = (draw(st.integers(-2, 2)) for _ in range(3))
        found.append(PointRow(run, key, step, at, draw(values), seq, ordinal, None, None, None))
    return found


def bits(frame: pl.DataFrame) -> list[str]:
    """Rows as text, which tells -0.0 from 0.0 and takes NaN as itself."""
    return [repr(row) for row in frame.rows()]


@given(rows())
@settings(max_examples=150, deadline=None)
def test_columns_and_points_fold_alike(points: list[PointRow]) -> None:
    folded = fold_columns(point_frame(points).lazy())
    assert bits(folded) == bits(summary_frame(fold(points)))


def test_many_values_of_one_series_sum_exactly() -> None:
    points = [
        PointRow("r", "k", step, 0, 0.1 * step - 400, step, 0, None, None, None)
        for step in range(5_000)
    ]
    folded = fold_columns(point_frame(points).lazy())
    assert bits(folded) == bits(summary_frame(fold(points)))
