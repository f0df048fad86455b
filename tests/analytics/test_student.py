from decimal import Decimal
from fractions import Fraction
from math import nextafter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.student import critical_value, lower_tail
from domain.errors import UsageError


@pytest.mark.parametrize("alpha", ["0.5", "0.25", "0.1", "0.05", "0.025", "0.01", "0.001", "1e-8"])
@pytest.mark.parametrize("df", ["1", "1.3", "2", "3.7", "4", "18", "51.9", "200", "5000"])
def test_critical_values_agree_with_scipy(alpha: str, df: str) -> None:
    assert critical_value(alpha, Fraction(df)) == pytest.approx(
        stats.t.isf(float(alpha), float(df)), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("df", ["1", "2", "3.3", "8", "31.4", "100", "1001", "5000"])
@pytest.mark.parametrize("t", [-1e3, -12.5, -3.0, -0.7, 0.0, 1e-9, 0.4, 2.0, 9.0, 30.0])
def test_tails_agree_with_scipy(df: str, t: float) -> None:
    ours = lower_tail(Fraction(t) ** 2, negative=t < 0, df=Fraction(df))
    assert ours == pytest.approx(stats.t.cdf(t, float(df)), rel=1e-9, abs=1e-300)


@given(df=st.fractions(1, 60, max_denominator=10), alpha=st.decimals("0.0001", "0.5", places=4))
@settings(max_examples=40, deadline=None)
def test_a_critical_value_is_the_first_double_that_is_strict_enough(
    df: Fraction, alpha: Decimal
) -> None:
    value = critical_value(str(alpha), df)
    level = float(alpha)
    assert lower_tail(Fraction(value) ** 2, negative=True, df=df) <= level
    if value:
        assert lower_tail(Fraction(nextafter(value, 0)) ** 2, negative=True, df=df) >= level


@pytest.mark.parametrize(
    "alpha", ["0", "-0.1", "0.51", "1", "NaN", "Infinity", "five", "1e-9999", ""]
)
def test_a_level_must_be_a_probability_up_to_one_half(alpha: str) -> None:
    with pytest.raises(UsageError, match="above 0 and at most"):
        critical_value(alpha, Fraction(4))


def test_a_p_smaller_than_most_doubles_is_still_right() -> None:
    assert lower_tail(Fraction(10**8), negative=True, df=Fraction(40)) == pytest.approx(
        stats.t.cdf(-1e4, 40), rel=1e-9
    )
