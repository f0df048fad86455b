"""Welch's interval and p for a difference of means (B. L. Welch, Biometrika 34, 1947).

Degrees of freedom are Welch–Satterthwaite's, rounded down to a tenth: strict, and few enough for
critical values to be reused. Both bounds are one-sided at 1 - alpha.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from analytics.exact import ExactMoments, nearest, root
from analytics.student import critical_value, lower_tail

METHOD = "welch"
NO_VARIATION = "no variation"
"""Both sides vary by nothing: the interval is the difference itself, its df is 0."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A one-sided pair of bounds of the oriented delta, each at ``1 - alpha``."""

    low: float
    high: float
    alpha: str
    method: str
    df: float
    """In tenths; 0 when neither side varies."""
    standard_error: float = 0.0
    """Of the oriented delta; 0 when neither side varies."""


def welch(baseline: ExactMoments, candidate: ExactMoments, alpha: str) -> Interval | None:
    """The interval of ``candidate.mean - baseline.mean``; None when a side has fewer than 2.

    None as well when the difference is beyond the range of a double.
    """
    if baseline.variance is None or candidate.variance is None:
        return None
    difference = nearest(candidate.mean - baseline.mean)
    first, second = baseline.variance / baseline.n, candidate.variance / candidate.n
    squared = first + second
    standard_error = root(squared)
    if not (math.isfinite(difference) and math.isfinite(standard_error)):
        return None
    if not standard_error:
        return _interval(difference, 0.0, Fraction(0), alpha)
    df = squared**2 / (first**2 / (baseline.n - 1) + second**2 / (candidate.n - 1))
    return _interval(difference, standard_error, tenths(df), alpha)


def at_level(interval: Interval, difference: float, alpha: str) -> Interval:
    """The same interval of ``difference`` at another level."""
    if interval.alpha == alpha:
        return interval
    return _interval(difference, interval.standard_error, degrees(interval), alpha)


def p_below(interval: Interval, difference: float, threshold: float) -> float:
    """P of a difference as low as this, or lower, if the true one were ``threshold``.

    With no variation there is nothing to be surprised by but a difference below: 0 then, else 1.
    """
    distance = Fraction(difference) - Fraction(threshold)
    if not interval.standard_error:
        return 0.0 if distance < 0 else 1.0
    squared = (distance / Fraction(interval.standard_error)) ** 2
    return lower_tail(squared, negative=distance < 0, df=degrees(interval))


def tenths(df: Fraction) -> Fraction:
    """``df`` rounded down to a tenth."""
    return Fraction(10 * df.numerator // df.denominator, 10)


def degrees(interval: Interval) -> Fraction:
    """The exact degrees of freedom that ``interval.df`` shows."""
    return Fraction(round(interval.df * 10), 10)


def _interval(difference: float, standard_error: float, df: Fraction, alpha: str) -> Interval:
    if not standard_error:
        return Interval(difference, difference, alpha, NO_VARIATION, 0.0, 0.0)
    half = Fraction(critical_value(alpha, df)) * Fraction(standard_error)
    return Interval(
        low=nearest(Fraction(difference) - half),
        high=nearest(Fraction(difference) + half),
        alpha=alpha,
        method=METHOD,
        df=nearest(df),
        standard_error=standard_error,
    )
