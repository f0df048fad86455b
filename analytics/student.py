"""Student's t distribution for any degrees of freedom, in fixed-point integers.

P(|T| > t) is the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t²); it is
summed from the power series of 26.5.4 in Abramowitz and Stegun, Handbook of Mathematical Functions,
on whichever side of x = 1/2 converges fast; all terms are positive. Logarithm, exponential and
gamma come from mpmath at a stated precision. No libm and no global precision: the same bits on
every machine and in every thread.
"""

import math
import struct
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, cast

from analytics.exact import nearest
from domain.errors import UsageError


@cache
def _libmp() -> Any:
    """mpmath's functions of a stated precision; loaded when first used, since it takes long."""
    import mpmath

    return cast("Any", mpmath).libmp


_P_BITS = (256, 1408)
"""The first is enough while p > 2**-128; the second for a p down to the least double, 2**-1074."""
_GUARD_BITS = 128
"""Beyond the level's own size: to tell neighbouring doubles apart, and for rounding errors."""


@lru_cache(maxsize=4096)
def critical_value(alpha: str, df: Fraction) -> float:
    """The smallest double t with P(T > t) <= ``alpha``, T with ``df`` degrees of freedom.

    Never less than the true quantile, so a bound made with it is on the stricter side. ``alpha`` is
    decimal text in (0, 0.5]; ``UsageError`` (INVALID_ARGUMENT) otherwise.
    """
    level = parse_level(alpha)
    bits = _GUARD_BITS + level.denominator.bit_length()
    if 2 * level == 1:
        return 0.0
    high = 1.0
    while _upper_tail(Fraction(high) ** 2, df, bits) > level:
        high *= 2.0
    low_bits, high_bits = _as_bits(0.0), _as_bits(high)
    while high_bits - low_bits > 1:
        middle = (low_bits + high_bits) // 2
        if _upper_tail(Fraction(_from_bits(middle)) ** 2, df, bits) <= level:
            high_bits = middle
        else:
            low_bits = middle
    return _from_bits(high_bits)


def lower_tail(statistic_squared: Fraction, *, negative: bool, df: Fraction) -> float:
    """P(T <= t) as the nearest double, t given by its exact square and its sign."""
    tail = _upper_tail(statistic_squared, df, _P_BITS[0])
    if tail.numerator << 128 < tail.denominator:
        tail = _upper_tail(statistic_squared, df, _P_BITS[1])
    return nearest(tail if negative else 1 - tail)


def parse_level(alpha: str) -> Fraction:
    """``alpha`` as a fraction; ``UsageError`` (INVALID_ARGUMENT) outside (0, 0.5]."""
    try:
        decimal = Decimal(alpha)
    except InvalidOperation:
        decimal = Decimal("NaN")
    if not decimal.is_finite() or not 0 < decimal <= Decimal("0.5") or decimal.adjusted() < -100:
        raise UsageError(
            f"The level {alpha[:40]!r} is not a decimal number above 0 and at most 0.5.",
            hint='Give alpha as decimal text such as "0.05".',
        )
    return Fraction(decimal)


def _upper_tail(squared: Fraction, df: Fraction, bits: int) -> Fraction:
    """P(T > t) for t >= 0, to about ``bits`` binary places."""
    outer = df / (df + squared)
    inner = 1 - outer
    if not inner:
        return Fraction(1, 2)
    one = 1 << bits
    if inner < outer:
        series = 2 * _series(df, inner, Fraction(3, 2), bits)
        return Fraction(max(0, one - _scaled(df, outer, inner, series, bits)), 2 * one)
    series = _series(df, outer, df / 2 + 1, bits)
    return Fraction(_scaled(df, outer, inner, series, bits), one) / df


def _scaled(df: Fraction, outer: Fraction, inner: Fraction, series: int, bits: int) -> int:
    """series · outer**(df/2) · inner**(1/2) / B(df/2, 1/2), in fixed point.

    The factors may be far below 1 and the series far above, so they meet in floating point.
    """
    precision = bits + 64
    logarithm = _libmp().mpf_log(_ratio(outer, precision), precision)
    power = _libmp().mpf_exp(_libmp().mpf_mul(_ratio(df / 2, precision), logarithm), precision)
    square_root = _libmp().mpf_sqrt(_ratio(inner, precision), precision)
    product = _libmp().mpf_mul(power, square_root, precision)
    product = _libmp().mpf_mul(product, _one_over_beta(df, precision), precision)
    product = _libmp().mpf_mul(product, _libmp().from_man_exp(series, -bits), precision)
    return cast("int", _libmp().to_fixed(product, bits))


@lru_cache(maxsize=4096)
def _one_over_beta(df: Fraction, precision: int) -> Any:
    """1 / B(df/2, 1/2) = Γ((df+1)/2) / (Γ(df/2) √π)."""
    above = _libmp().mpf_gamma(_ratio((df + 1) / 2, precision), precision)
    below = _libmp().mpf_mul(
        _libmp().mpf_gamma(_ratio(df / 2, precision), precision),
        _libmp().mpf_sqrt(_libmp().mpf_pi(precision), precision),
    )
    return _libmp().mpf_div(above, below, precision)


def _series(df: Fraction, argument: Fraction, denominator: Fraction, bits: int) -> int:
    """Σ ((df+1)/2)_k / (denominator)_k · argument**k, in fixed point, while terms count."""
    numerator = (df + 1) / 2
    scale = math.lcm(numerator.denominator, denominator.denominator)
    above, below = int(numerator * scale), int(denominator * scale)
    factor = (argument.numerator << bits) // argument.denominator
    term = total = 1 << bits
    while term:
        term = (term * factor >> bits) * above // below
        total += term
        above += scale
        below += scale
    return total


def _ratio(value: Fraction, precision: int) -> Any:
    return _libmp().from_rational(value.numerator, value.denominator, precision)


def _as_bits(value: float) -> int:
    """Positive doubles as integers in the same order."""
    bits: int = struct.unpack(">q", struct.pack(">d", value))[0]
    return bits


def _from_bits(bits: int) -> float:
    value: float = struct.unpack(">d", struct.pack(">q", bits))[0]
    return value
