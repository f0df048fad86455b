"""The rows of the metric tables: their columns, and how entries and summaries become rows."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias, cast

import polars as pl

from analytics.summaries import MetricSummary, SeriesPoint, merge, summarise
from domain.metric import MetricPoint, decimal_text, parse_decimal
from domain.run import RUN_LOGGED, RunLogged
from ledger.entry import Entry

Series: TypeAlias = tuple[str, str]
"""(run id, metric key)."""

POINT_COLUMNS = pl.Schema(
    {
        "run": pl.String(),
        "key": pl.String(),
        "step": pl.Int64(),
        "at": pl.Int64(),
        "value": pl.Float64(),
        "seq": pl.Int64(),
        "ordinal": pl.Int32(),
        "model_id": pl.String(),
        "dataset_name": pl.String(),
        "dataset_digest": pl.String(),
    }
)
SUMMARY_COLUMNS = pl.Schema(
    {
        "run": pl.String(),
        "key": pl.String(),
        "count": pl.Int64(),
        "first": pl.Float64(),
        "first_step": pl.Int64(),
        "first_at": pl.Int64(),
        "last": pl.Float64(),
        "last_step": pl.Int64(),
        "last_at": pl.Int64(),
        "min": pl.Float64(),
        "max": pl.Float64(),
        "mean": pl.Float64(),
        "total_numerator": pl.String(),
        "total_exponent": pl.Int32(),
        "non_finite": pl.Int64(),
        "seq_first": pl.Int64(),
        "seq": pl.Int64(),
    }
)
OPTIONAL_COLUMNS = frozenset({"model_id", "dataset_name", "dataset_digest"})
"""Columns that may be null."""


class PointRow(NamedTuple):
    """One row of ``metric_points``, in the order of ``POINT_COLUMNS``."""

    run: str
    key: str
    step: int
    at: int
    value: float
    seq: int
    ordinal: int
    model_id: str | None
    dataset_name: str | None
    dataset_digest: str | None


class SummaryRow(NamedTuple):
    """One row of ``metric_summaries``, in the order of ``SUMMARY_COLUMNS``."""

    run: str
    key: str
    count_: int  # ``count`` is a method of every tuple.
    first: float
    first_step: int
    first_at: int
    last: float
    last_step: int
    last_at: int
    min: float
    max: float
    mean: float
    total_numerator: str
    total_exponent: int
    non_finite: int
    seq_first: int
    seq: int


def point_rows(entry: Entry) -> list[PointRow]:
    """The metric points that an entry logs, in their order there; none of other entries."""
    if entry.type != RUN_LOGGED:
        return []
    payload = cast("RunLogged", entry.payload)
    return [
        PointRow(
            payload["run_id"],
            point["key"],
            point["step"],
            point["timestamp"],
            parse_decimal(point["value"]),
            entry.seq,
            ordinal,
            point.get("model_id"),
            point.get("dataset_name"),
            point.get("dataset_digest"),
        )
        for ordinal, point in enumerate(payload["metrics"])
    ]


def metric_point(row: PointRow) -> MetricPoint:
    """The point as it was logged."""
    point = MetricPoint(key=row.key, value=decimal_text(row.value), step=row.step, timestamp=row.at)
    if row.model_id is not None:
        point["model_id"] = row.model_id
    if row.dataset_name is not None:
        point["dataset_name"] = row.dataset_name
    if row.dataset_digest is not None:
        point["dataset_digest"] = row.dataset_digest
    return point


def point_frame(rows: Sequence[PointRow]) -> pl.DataFrame:
    """Rows as a frame; column by column, which is several times faster than row by row."""
    if not rows:
        return pl.DataFrame(schema=POINT_COLUMNS)
    return pl.DataFrame(list(zip(*rows, strict=True)), schema=POINT_COLUMNS, orient="col")


def rows_of(frame: pl.DataFrame) -> list[PointRow]:
    """The inverse of ``point_frame``."""
    return [PointRow._make(row) for row in frame.iter_rows()]


def fold(rows: Iterable[PointRow]) -> dict[Series, MetricSummary]:
    """The summary of each series in ``rows``, whatever their order."""
    grouped: dict[tuple[str, str, int], list[SeriesPoint]] = {}
    for row in rows:
        group = grouped.setdefault((row.run, row.key, row.seq), [])
        group.append((row.step, row.at, row.value))
    folded: dict[Series, MetricSummary] = {}
    for (run, key, seq), points in grouped.items():
        summary = summarise(key, points, seq)
        known = folded.get((run, key))
        folded[run, key] = merge(known, summary) if known else summary
    return folded


def summary_frame(summaries: Mapping[Series, MetricSummary]) -> pl.DataFrame:
    """One row per series, ordered by run and key."""
    rows = [_summary_row(series[0], summaries[series]) for series in sorted(summaries)]
    return pl.DataFrame(rows, schema=SUMMARY_COLUMNS, orient="row")


def summaries_in(frame: pl.DataFrame) -> list[tuple[str, MetricSummary]]:
    """(run id, summary) of each row, in the frame's order."""
    return [(row[0], _summary(row)) for row in frame.iter_rows()]


def _summary_row(run: str, summary: MetricSummary) -> SummaryRow:
    return SummaryRow(
        run,
        summary.key,
        summary.count,
        summary.first,
        summary.first_step,
        summary.first_timestamp,
        summary.last,
        summary.last_step,
        summary.last_timestamp,
        summary.min,
        summary.max,
        summary.mean,
        str(summary.total.numerator),
        summary.total.denominator.bit_length() - 1,
        summary.non_finite,
        summary.seq_first,
        summary.seq,
    )


def _summary(row: tuple[object, ...]) -> MetricSummary:
    one = SummaryRow._make(row)
    return MetricSummary(
        key=one.key,
        count=one.count_,
        first=one.first,
        last=one.last,
        last_step=one.last_step,
        last_timestamp=one.last_at,
        min=one.min,
        max=one.max,
        total=Fraction(int(one.total_numerator), 1 << one.total_exponent),
        non_finite=one.non_finite,
        seq=one.seq,
        seq_first=one.seq_first,
        first_step=one.first_step,
        first_timestamp=one.first_at,
    )
