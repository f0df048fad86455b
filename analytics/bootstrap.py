"""The paired bootstrap: means of resampled differences, the same on every machine.

Differences are whole numbers on a grid, resampled with replacement by SplitMix64 (G. L. Steele,
D. Lea, C. H. Flood, OOPSLA 2014) seeded with a digest of the differences themselves: no clock, no
global generator, and sums of integers do not depend on threads.
"""

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import polars as pl

RESAMPLES: Final = 1_999
"""With B resamples the bound at alpha is the (B + 1) · alpha-th smallest."""
_ROOM: Final = 1 << 61
"""Sums stay below this, so 64 bits hold them."""
_DRAWS: Final = 1 << 20
"""Indices that are drawn at a time."""


def resampled_means(differences: Sequence[Fraction]) -> list[Fraction]:
    """The means of ``RESAMPLES`` resamples, ascending; at least one difference."""
    n = len(differences)
    largest = max(abs(value) for value in differences)
    if not largest:
        return [Fraction(0)] * RESAMPLES
    bits = (_ROOM // n).bit_length() - 1
    grid = Fraction(1 << bits) / (1 << max(0, _magnitude(largest)))
    scaled = pl.Series([round(value * grid) for value in differences], dtype=pl.Int64)
    seed = int.from_bytes(hashlib.sha256(str(scaled.to_list()).encode()).digest()[:8], "big")
    at_once = max(1, _DRAWS // n)
    sums: list[int] = []
    for first in range(0, RESAMPLES, at_once):
        count = min(at_once, RESAMPLES - first)
        drawn = scaled.gather(_indices(seed, first * n, count * n, n))
        sums.extend(drawn.reshape((count, n)).arr.sum().to_list())
    return sorted(Fraction(total) / (grid * n) for total in sums)


def _magnitude(value: Fraction) -> int:
    """The least k with ``value`` <= 2**k."""
    whole = -(-value.numerator // value.denominator)
    return (whole - 1).bit_length()


def _indices(seed: int, start: int, count: int, n: int) -> pl.Series:
    """``count`` numbers below ``n`` from the generator's position ``start``."""
    z = pl.arange(start + 1, start + count + 1, dtype=pl.UInt64, eager=True)
    z = z * _u64(0x9E3779B97F4A7C15) + _u64(seed)
    z = (z ^ (z // _u64(1 << 30))) * _u64(0xBF58476D1CE4E5B9)
    z = (z ^ (z // _u64(1 << 27))) * _u64(0x94D049BB133111EB)
    z = z ^ (z // _u64(1 << 31))
    return (z // _u64(1 << 32)) * _u64(n) // _u64(1 << 32)


def _u64(value: int) -> pl.Series:
    return pl.Series([value], dtype=pl.UInt64)
