"""Welch's interval in whole numbers is that of its formulas in fractions, bit for bit."""

import math
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exact import exact_moments, nearest, root
from analytics.student import critical_value
from analytics.welch import NO_VARIATION, welch

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.floats(0.5, 1.0)
samples = st.lists(numbers, min_size=2, max_size=6) | st.lists(
    st.sampled_from([0.1, 0.25, -3.0, 1e-310, 7e200]), min_size=2, max_size=4
)


def moments(values: list[float]) -> tuple[int, Fraction, Fraction]:
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / len(exact)
    squares = sum(((value - mean) ** 2 for value in exact), Fraction(0))
    return len(exact), mean, squares / (len(exact) - 1)


@given(samples, samples)
@settings(max_examples=100, deadline=None)
def test_bits_are_those_of_the_formulas(before: list[float], after: list[float]) -> None:
    (n, mean, variance), (m, other_mean, other_variance) = moments(before), moments(after)
    first, second = variance / n, other_variance / m
    moved, error = nearest(other_mean - mean), root(first + second)
    interval = welch(exact_moments(before), exact_moments(after), "0.05")
    if not (math.isfinite(moved) and math.isfinite(error)):
        assert interval is None
        return
    assert interval is not None
    assert interval.standard_error == error
    if not error:
        assert (interval.low, interval.high) == (moved, moved)
        assert interval.method == NO_VARIATION
        return
    df = (first + second) ** 2 / (first**2 / (n - 1) + second**2 / (m - 1))
    df = Fraction(10 * df.numerator // df.denominator, 10)
    half = Fraction(critical_value("0.05", df)) * Fraction(error)
    assert interval.df == nearest(df)
    assert interval.low == nearest(Fraction(moved) - half)
    assert interval.high == nearest(Fraction(moved) + half)


def test_one_run_a_side_has_no_interval() -> None:
    assert welch(exact_moments([1.0]), exact_moments([1.0, 2.0]), "0.05") is None
