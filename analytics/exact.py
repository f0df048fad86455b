"""Exact arithmetic on doubles: sums and squares in integers, one rounding at the end.

A double is an integer over a power of two, so sums of doubles and of their squares are exact in
integers; nothing depends on the order of the values, on libm, SIMD or threads. Fractions are kept
as they come, since reducing one to lowest terms costs more than all arithmetic with it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import Final

_BITS: Final = 53
_LARGEST: Final = 1023
"""Of a double: bits of its fraction, and the exponent up to which a power of two is one."""


@dataclass(frozen=True, slots=True)
class ExactMoments:
    """``n`` numbers, exactly: each is an integer over ``scale``; what those and their squares sum
    to. Equal numbers give equal moments, in whatever order."""

    n: int
    total: int
    squares: int
    scale: int

    @property
    def mean(self) -> Fraction:
        """The mean; that of none is 0."""
        return Fraction(self.total, (self.n or 1) * self.scale)

    @property
    def variance(self) -> Fraction | None:
        """The variance with divisor n - 1; None when n < 2."""
        if self.n < 2:
            return None
        return Fraction(self.spread, self.n * (self.n - 1) * self.scale**2)

    @property
    def spread(self) -> int:
        """n · Σx² - (Σx)² of the integers: n (n - 1) · scale² times the variance."""
        return self.n * self.squares - self.total * self.total

    def nearest_mean(self) -> float:
        """The double nearest to the mean of one number or more."""
        return nearest_ratio(self.total, self.n * self.scale)

    def nearest_sd(self) -> float | None:
        """The double nearest to the root of the variance; None when n < 2."""
        if self.n < 2:
            return None
        return root_ratio(self.spread, self.n * (self.n - 1) * self.scale**2)

    def negated(self) -> "ExactMoments":
        """The moments of the numbers with their signs turned."""
        return ExactMoments(self.n, -self.total, self.squares, self.scale)


def exact_moments(values: Sequence[float]) -> ExactMoments:
    """The moments of finite doubles."""
    sizes = [abs(value) for value in values if value]
    if not sizes:
        return ExactMoments(len(values), 0, 0, 1)
    # The last bit of a double stands 53 places behind its first: what makes the least a whole
    # number makes all whole.
    places = max(0, _BITS - math.frexp(min(sizes))[1])
    if places + max(0, math.frexp(max(sizes))[1]) > _LARGEST:
        return exact_moments_of(map(Fraction, values))
    by = 2.0**places
    return _moments([int(value * by) for value in values], 1 << places)


def exact_moments_of(values: Iterable[Fraction]) -> ExactMoments:
    """The moments of fractions."""
    ratios = [value.as_integer_ratio() for value in values]
    scale = math.lcm(*(denominator for _, denominator in ratios))
    return _moments([above * (scale // below) for above, below in ratios], scale)


def difference(first: ExactMoments, second: ExactMoments) -> float:
    """The double nearest to the second mean minus the first."""
    left, right = first.n * first.scale, second.n * second.scale
    return nearest_ratio(second.total * left - first.total * right, left * right)


def nearest(value: Fraction) -> float:
    """The double nearest to ``value``; an infinity when it is beyond their range."""
    return nearest_ratio(value.numerator, value.denominator)


def nearest_ratio(numerator: int, denominator: int) -> float:
    """The double nearest to a ratio, whose denominator is positive."""
    try:
        return numerator / denominator  # Integers divide with one rounding, to the nearest.
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


def root(value: Fraction) -> float:
    """The correctly rounded square root of ``value`` >= 0."""
    return root_ratio(value.numerator, value.denominator)


def root_ratio(numerator: int, denominator: int) -> float:
    """The correctly rounded square root of a ratio >= 0."""
    if not numerator:
        return 0.0
    magnitude = numerator.bit_length() - denominator.bit_length()
    shift = max(0, 64 - magnitude // 2)
    scaled, rest = divmod(numerator << 2 * shift, denominator)
    whole = math.isqrt(scaled)
    sticky = int(rest != 0 or whole * whole != scaled)
    return nearest_ratio(2 * whole + sticky, 1 << shift + 1)


def _moments(scaled: Sequence[int], scale: int) -> ExactMoments:
    return ExactMoments(len(scaled), sum(scaled), sum(map(mul, scaled, scaled)), scale)
