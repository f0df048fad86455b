"""Exact arithmetic on doubles: sums and squares in integers, one rounding at the end.

A double is an integer over a power of two, so sums of doubles and of their squares are exact in
integers; nothing depends on the order of the values, on libm, SIMD or threads.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ExactMoments:
    """``n`` numbers: their exact mean and variance (divisor n - 1; None when n < 2)."""

    n: int
    mean: Fraction
    variance: Fraction | None


def exact_moments(values: Iterable[float | Fraction]) -> ExactMoments:
    """The moments of finite numbers; the mean of none is 0."""
    ratios = [value.as_integer_ratio() for value in values]
    n = len(ratios)
    if not n:
        return ExactMoments(0, Fraction(0), None)
    scale = math.lcm(*(denominator for _, denominator in ratios))
    scaled = [numerator * (scale // denominator) for numerator, denominator in ratios]
    total = sum(scaled)
    mean = Fraction(total, n * scale)
    if n == 1:
        return ExactMoments(n, mean, None)
    squares = sum(value * value for value in scaled)
    return ExactMoments(n, mean, Fraction(n * squares - total * total, n * (n - 1) * scale * scale))


def nearest(value: Fraction) -> float:
    """The double nearest to ``value``; an infinity when it is beyond their range."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def root(value: Fraction) -> float:
    """The correctly rounded square root of ``value`` >= 0."""
    if not value:
        return 0.0
    magnitude = value.numerator.bit_length() - value.denominator.bit_length()
    shift = max(0, 64 - magnitude // 2)
    scaled, rest = divmod(value.numerator << 2 * shift, value.denominator)
    whole = math.isqrt(scaled)
    sticky = int(rest != 0 or whole * whole != scaled)
    return nearest(Fraction(2 * whole + sticky, 1 << shift + 1))
