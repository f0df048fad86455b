"""Summaries of many points at once, column by column: what ``metric_rows.fold`` makes, exactly.

Polars groups, orders and counts; it never adds doubles, since the bits of such a sum depend on the
threads. A double's integer part and three times 32 binary places after the point are whole numbers,
whose sums are exact in 64 bits; series with a value that this does not hold whole (beyond 2**36, or
finer than 2**-96) are summed one by one.
"""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias, cast

import polars as pl

from analytics.delta_lake import translated
from analytics.metric_rows import SUMMARY_COLUMNS
from analytics.summaries import exact_sum

_WHOLE: Final = 2.0**36
_PLACES: Final = 32
_LIMBS: Final = 3
_SERIES: Final = ("run", "key")

_Total: TypeAlias = tuple[int, int]
"""An exact sum in lowest terms: (numerator, exponent of its denominator, a power of two)."""

# The order of analytics.summaries.series_order, whose rank tells -0.0, 0.0 and NaN apart.
_VALUE: Final = pl.col("value")
_NUMBER: Final = pl.when(_VALUE.is_nan()).then(0.0).otherwise(_VALUE)
_POSITIVE: Final = (_VALUE == 0.0) & ((1.0 / _VALUE) > 0.0)
_RANK: Final = pl.when(_VALUE.is_nan()).then(2).otherwise(_POSITIVE.cast(pl.Int8))


def fold_columns(points: pl.LazyFrame) -> pl.DataFrame:
    """One row of ``SUMMARY_COLUMNS`` for each series in ``points``, ordered by run and key.

    Raises ``BackendError`` when a file cannot be read.
    """
    with translated():
        ranked = points.with_columns(number=_NUMBER, rank=_RANK)
        folded = ranked.group_by(_SERIES).agg(*_reduced()).sort(_SERIES).collect(engine="streaming")
        totals = list(_totals(folded))
        for index, total in _fine_totals(points, folded):
            totals[index] = total
    counted = zip(totals, folded["count"], folded["non_finite"], strict=True)
    made = folded.with_columns(
        _zero("min", "negative_zero", -0.0, 0.0),
        _zero("max", "positive_zero", 0.0, -0.0),
        mean=pl.Series([_mean(*each) for each in counted], dtype=pl.Float64),
        total_numerator=pl.Series([str(above) for above, _ in totals], dtype=pl.String),
        total_exponent=pl.Series([exponent for _, exponent in totals], dtype=pl.Int32),
    )
    return made.select(pl.col(name).cast(kind) for name, kind in SUMMARY_COLUMNS.items())


def _reduced() -> list[pl.Expr]:
    """What is asked of each series; limbs of the sum are ``limb0`` (whole) to ``limb3``."""
    value, finite = pl.col("value"), pl.col("value").is_finite()
    points: list[pl.Expr] = []
    for name, to in (("value", ""), ("at", "_at")):
        ordered = pl.col(name).sort_by("step", "at", "number", "rank")
        points += [ordered.first().alias(f"first{to}"), ordered.last().alias(f"last{to}")]
    kept = finite & (value.abs() < _WHOLE)
    rest = pl.when(kept).then(value).otherwise(0.0)
    limbs: list[pl.Expr] = []
    for index in range(_LIMBS + 1):
        whole = rest.cast(pl.Int64)
        limbs.append(whole.sum().alias(f"limb{index}"))
        rest = (rest - whole.cast(pl.Float64)) * 2.0**_PLACES
    return [
        *points,
        *limbs,
        pl.col("step").min().alias("first_step"),
        pl.col("step").max().alias("last_step"),
        pl.len().alias("count"),
        pl.when(~value.is_nan()).then(value).min().alias("min"),
        pl.when(~value.is_nan()).then(value).max().alias("max"),
        ((value == 0.0) & (pl.col("rank") == 0)).any().alias("negative_zero"),
        ((value == 0.0) & (pl.col("rank") == 1)).any().alias("positive_zero"),
        (~finite).sum().alias("non_finite"),
        ((finite & ~kept) | (rest != 0.0)).any().alias("fine"),
        pl.col("seq").min().alias("seq_first"),
        pl.col("seq").max().alias("seq"),
    ]


def _totals(folded: pl.DataFrame) -> Iterator[_Total]:
    names = [f"limb{index}" for index in range(_LIMBS + 1)]
    for limbs in cast("Iterable[tuple[int, ...]]", folded.select(names).iter_rows()):
        above = 0
        for limb in limbs:
            above = (above << _PLACES) + limb
        zeros = min((above & -above).bit_length() - 1, _PLACES * _LIMBS) if above else 0
        yield above >> zeros, _PLACES * _LIMBS - zeros if above else 0


def _fine_totals(points: pl.LazyFrame, folded: pl.DataFrame) -> Iterator[tuple[int, _Total]]:
    """(row, exact sum) of the series that the limbs do not hold."""
    fine = folded.with_row_index("row").filter("fine").select("row", *_SERIES)
    if fine.height:
        finite = points.filter(pl.col("value").is_finite())
        found = finite.join(fine.lazy(), on=_SERIES).group_by("row").agg("value")
        rows = cast("list[tuple[int, list[float]]]", found.collect(engine="streaming").rows())
        for row, values in rows:
            total = exact_sum(values)
            yield row, (total.numerator, total.denominator.bit_length() - 1)


def _zero(name: str, flag: str, flagged: float, otherwise: float) -> pl.Expr:
    """An extreme that is zero, with the sign that the order of zeros gives it; NaN for none."""
    zero = pl.when(flag).then(pl.lit(flagged)).otherwise(pl.lit(otherwise))
    sound = pl.col(name).fill_null(float("nan"))
    return pl.when(sound == 0.0).then(zero).otherwise(sound).alias(name)


def _mean(total: _Total, count: int, non_finite: int) -> float:
    """As ``MetricSummary.mean``: integers divide with one rounding."""
    above, exponent = total
    return float("nan") if non_finite else above / (count << exponent)
