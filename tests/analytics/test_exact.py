import math
import statistics
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exact import exact_moments, nearest, root

numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.lists(numbers, min_size=2, max_size=12))
@settings(max_examples=100, deadline=None)
def test_moments_are_exact(values: list[float]) -> None:
    moments = exact_moments(values)
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    assert moments.mean == mean
    assert moments.variance == sum((value - mean) ** 2 for value in exact) / (len(exact) - 1)


@given(st.data(), st.lists(numbers, min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_order_changes_nothing(data: st.DataObject, values: list[float]) -> None:
    assert exact_moments(data.draw(st.permutations(values))) == exact_moments(values)


@given(st.fractions(min_value=0))
@settings(max_examples=100, deadline=None)
def test_a_root_is_the_nearest_double(value: Fraction) -> None:
    result = root(value)
    below, above = math.nextafter(result, 0), math.nextafter(result, math.inf)
    low = (Fraction(below) + Fraction(result)) / 2
    high = (Fraction(above) + Fraction(result)) / 2
    assert low**2 <= value <= high**2


def test_roots_of_extreme_values() -> None:
    assert root(Fraction(0)) == 0.0
    assert root(Fraction(1e300) ** 2) == 1e300
    assert root(Fraction(5e-324) ** 2) == 5e-324
    assert root(Fraction(2)) == math.sqrt(2)
    assert root(Fraction(10) ** 700) == math.inf


def test_what_no_double_can_hold_is_infinite() -> None:
    assert nearest(Fraction(10) ** 400) == math.inf
    assert nearest(-(Fraction(10) ** 400)) == -math.inf


def test_a_familiar_sample() -> None:
    moments = exact_moments([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert moments.mean == 5
    assert moments.variance == Fraction(32, 7)
    assert root(moments.variance) == statistics.stdev([2, 4, 4, 4, 5, 5, 7, 9])


def test_none_and_one() -> None:
    assert exact_moments([]).n == 0
    assert exact_moments([3.5]).variance is None
