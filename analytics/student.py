"""Student's t distribution for whole degrees of freedom, in fixed-point integers.

Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4: finite sums in
``cos² = df / (df + t²)``; the arctangent that odd degrees need, and π, come from mpmath at a stated
precision. No libm, no global precision, so the same bits on every machine and in every thread.
"""

import math
import struct
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

import mpmath

from analytics.exact import nearest
from domain.errors import UsageError

_libmp = cast("Any", mpmath).libmp

_P_BITS = (256, 1280)
"""The first is enough while p > 2**-160; the second for a p down to the least double, 2**-1074."""
_GUARD_BITS = 128
"""Beyond the level's own size: to tell neighbouring doubles apart, and for rounding errors."""


@lru_cache(maxsize=4096)
def critical_value(alpha: str, df: int) -> float:
    """The smallest double t with P(T > t) <= ``alpha``, T with ``df`` degrees of freedom.

    Never less than the true quantile, so a bound made with it is on the stricter side. ``alpha`` is
    decimal text in (0, 0.5]; ``UsageError`` (INVALID_ARGUMENT) otherwise.
    """
    level = parse_level(alpha)
    bits = _GUARD_BITS + level.denominator.bit_length()
    high = 1.0
    while _upper_tail(Fraction(high) ** 2, df, bits) > level:
        high *= 2.0
    low_bits, high_bits = _as_bits(0.0), _as_bits(high)
    if _upper_tail(Fraction(0), df, bits) <= level:
        return 0.0
    while high_bits - low_bits > 1:
        middle = (low_bits + high_bits) // 2
        if _upper_tail(Fraction(_from_bits(middle)) ** 2, df, bits) <= level:
            high_bits = middle
        else:
            low_bits = middle
    return _from_bits(high_bits)


def lower_tail(statistic_squared: Fraction, *, negative: bool, df: int) -> float:
    """P(T <= t) as the nearest double, t given by its exact square and its sign."""
    tail = _upper_tail(statistic_squared, df, _P_BITS[0])
    if tail.numerator << 160 < tail.denominator:
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


def _upper_tail(squared: Fraction, df: int, bits: int) -> Fraction:
    """P(T > t) for t >= 0, to about ``bits`` binary places."""
    one = 1 << bits
    whole = df * squared.denominator + squared.numerator
    cosine_squared = (df * squared.denominator << bits) // whole
    sine = math.isqrt((squared.numerator << 2 * bits) // whole)
    if df % 2 == 0:
        inside = (sine * _series(cosine_squared, df // 2, 1, bits)) >> bits
    else:
        inside = _odd(sine, cosine_squared, df, bits)
    return Fraction(max(0, one - inside), 2 * one)


def _odd(sine: int, cosine_squared: int, df: int, bits: int) -> int:
    """P(|T| < t) for odd ``df``."""
    cosine = math.isqrt(cosine_squared << bits)
    angle = _angle(sine, cosine, bits)
    if df > 1:
        product = (sine * cosine) >> bits
        angle += (product * _series(cosine_squared, (df - 1) // 2, 2, bits)) >> bits
    return (2 * angle << bits) // cast("int", _libmp.pi_fixed(bits))


def _series(ratio: int, terms: int, first: int, bits: int) -> int:
    """1 + f/(f+1) r + f(f+2)/((f+1)(f+3)) r² + …, ``terms`` of them, while they count."""
    term = total = 1 << bits
    for step in range(first, first + 2 * (terms - 1), 2):
        term = (term * ratio >> bits) * step // (step + 1)
        if not term:
            break
        total += term
    return total


def _angle(sine: int, cosine: int, bits: int) -> int:
    tangent = _libmp.mpf_div(
        _libmp.from_man_exp(sine, -bits), _libmp.from_man_exp(cosine, -bits), bits + 16
    )
    return cast("int", _libmp.to_fixed(_libmp.mpf_atan(tangent, bits + 16), bits))


def _as_bits(value: float) -> int:
    """Positive doubles as integers in the same order."""
    bits: int = struct.unpack(">q", struct.pack(">d", value))[0]
    return bits


def _from_bits(bits: int) -> float:
    value: float = struct.unpack(">d", struct.pack(">q", bits))[0]
    return value
