"""Small curves: whatever the values, a picture of finite numbers, or none."""

import re

from hypothesis import given
from hypothesis import strategies as st

from domain.metric import MetricPoint
from lineproof.explorer.curve_svg import curve_svg


def _points(values: list[tuple[int, str]]) -> list[MetricPoint]:
    return [MetricPoint(key="m", value=value, step=step, timestamp=0) for step, value in values]


@given(st.lists(st.tuples(st.integers(-(2**53), 2**53), st.floats().map(repr)), max_size=8))
def test_every_number_in_the_picture_is_inside_of_it(values: list[tuple[int, str]]) -> None:
    drawn = curve_svg(_points(sorted(values)))
    for x, y in re.findall(r"([-\d.a-z]+),([-\d.a-z]+)", drawn.partition("points=")[2]):
        assert 0 <= float(x) <= 200
        assert 0 <= float(y) <= 32


def test_higher_values_stand_higher() -> None:
    (line,) = re.findall(r'points="([^"]*)"', curve_svg(_points([(0, "1"), (5, "3"), (10, "2")])))
    assert line == "3.0,29.0 100.0,3.0 197.0,16.0"


def test_one_step_or_no_finite_value_is_no_curve() -> None:
    assert curve_svg(_points([(3, "1"), (3, "2")])) == ""
    assert curve_svg(_points([(1, "NaN"), (2, "Infinity")])) == ""
