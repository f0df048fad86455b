"""Welch's interval and p for a difference of means (B. L. Welch, Biometrika 34, 1947).

Degrees of freedom are Welch–Satterthwaite's, rounded down to a tenth: strict, and few enough for
critical values to be reused. Both bounds are one-sided at 1 - alpha.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from analytics.exact import ExactMoments, difference, nearest_ratio, root_ratio
from analytics.student import critical_value, lower_tail, parse_level

METHOD = "welch"
NO_VARIATION = "no variation"
"""Both sides vary by nothing: the interval is the difference itself, its df is 0."""
BOOTSTRAP = "paired-bootstrap"
"""The bounds are percentiles of resampled differences, and not of Student's t."""


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
    resampled: tuple[Fraction, ...] = field(default=(), repr=False, compare=False)
    """With ``BOOTSTRAP``: the resampled differences, ascending."""


def welch(baseline: ExactMoments, candidate: ExactMoments, alpha: str) -> Interval | None:
    """The interval of ``candidate.mean - baseline.mean``; None when a side has fewer than 2.

    None as well when the difference is beyond the range of a double.
    """
    if baseline.n < 2 or candidate.n < 2:
        return None
    moved = difference(baseline, candidate)
    # Both squared standard errors over one denominator, which falls out of the degrees of freedom.
    scales = (1, 1) if baseline.scale == candidate.scale else (baseline.scale, candidate.scale)
    divisors = _divisor(baseline.n, scales[0]), _divisor(candidate.n, scales[1])
    first, second = baseline.spread * divisors[1], candidate.spread * divisors[0]
    both = divisors[0] * divisors[1] * (baseline.scale // scales[0]) ** 2
    standard_error = root_ratio(first + second, both)
    if not (math.isfinite(moved) and math.isfinite(standard_error)):
        return None
    if not standard_error:
        return _interval(moved, 0.0, 0, alpha)
    free = baseline.n - 1, candidate.n - 1
    above = (first + second) ** 2 * free[0] * free[1]
    below = first**2 * free[1] + second**2 * free[0]
    return _interval(moved, standard_error, 10 * above // below, alpha)


def at_level(interval: Interval, difference: float, alpha: str) -> Interval:
    """The same interval of ``difference`` at another level."""
    if interval.alpha == alpha:
        return interval
    if interval.resampled:
        return resampled_interval(interval.resampled, alpha)
    tenths = round(interval.df * 10)
    return _interval(difference, interval.standard_error, tenths, alpha, interval.method)


def t_interval(
    difference: float, standard_error: float, df: int, alpha: str, method: str
) -> Interval:
    """The interval of ``difference`` by Student's t with ``df`` degrees of freedom."""
    return _interval(difference, standard_error, 10 * df, alpha, method)


def resampled_interval(resampled: Sequence[Fraction], alpha: str) -> Interval:
    """The bounds at the (B + 1) · alpha-th of B resampled differences from either end.

    Where alpha is below what B can show, the bounds are the outermost ones beyond any.
    """
    place = int((len(resampled) + 1) * parse_level(alpha))
    if not place:
        return Interval(-math.inf, math.inf, alpha, BOOTSTRAP, 0.0, 0.0, tuple(resampled))
    low, high = resampled[place - 1], resampled[-place]
    return Interval(
        low=low.numerator / low.denominator,
        high=high.numerator / high.denominator,
        alpha=alpha,
        method=BOOTSTRAP,
        df=0.0,
        resampled=tuple(resampled),
    )


def p_below(interval: Interval, difference: float, threshold: float) -> float:
    """P of a difference as low as this, or lower, if the true one were ``threshold``.

    With no variation there is nothing to be surprised by but a difference below: 0 then, else 1.
    """
    distance = Fraction(difference) - Fraction(threshold)
    if interval.resampled:
        below = sum(each <= Fraction(difference) + distance for each in interval.resampled)
        return (1 + below) / (1 + len(interval.resampled))
    if not interval.standard_error:
        return 0.0 if distance < 0 else 1.0
    squared = (distance / Fraction(interval.standard_error)) ** 2
    return lower_tail(squared, negative=distance < 0, df=degrees(interval))


def degrees(interval: Interval) -> Fraction:
    """The exact degrees of freedom that ``interval.df`` shows."""
    return Fraction(round(interval.df * 10), 10)


def _divisor(n: int, scale: int) -> int:
    """What a side's spread is divided by for its squared standard error."""
    return n * n * (n - 1) * scale * scale


def _interval(
    moved: float, standard_error: float, tenths: int, alpha: str, method: str = METHOD
) -> Interval:
    """``tenths`` of a degree of freedom."""
    if not standard_error:
        return Interval(moved, moved, alpha, NO_VARIATION, 0.0, 0.0)
    center, below = moved.as_integer_ratio()
    critical, under = _critical(alpha, tenths)
    error, beneath = standard_error.as_integer_ratio()
    half, scale = critical * error * below, below * under * beneath
    center *= under * beneath
    return Interval(
        low=nearest_ratio(center - half, scale),
        high=nearest_ratio(center + half, scale),
        alpha=alpha,
        method=method,
        df=tenths / 10,
        standard_error=standard_error,
    )


@lru_cache(maxsize=4096)
def _critical(alpha: str, tenths: int) -> tuple[int, int]:
    return critical_value(alpha, Fraction(tenths, 10)).as_integer_ratio()
