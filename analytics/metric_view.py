"""What this process sees: one version of both tables, and the applied tail on top of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Self

import polars as pl

from analytics.column_fold import fold_columns
from analytics.delta_lake import CursorTable, TableSnapshot, collect
from analytics.linked_points import LinkedPoints
from analytics.metric_rows import (
    PointRow,
    Series,
    fold,
    point_frame,
    rows_of,
    summaries_in,
    summary_frame,
)
from analytics.overlay import Overlay
from analytics.summaries import MetricSummary, merge
from analytics.summary_index import SummaryIndex, latest_rows
from domain.errors import IntegrityError
from ledger.projection import Cursor


class MetricView:
    """Both tables at ``points.cursor`` plus an overlay up to ``head``.

    Points are written first, so the summaries may be behind: after a crash, or while another
    process is between its two commits. What they lack is folded from the points when the view is
    loaded, and is written with the next flush. Not thread-safe: its owner holds a lock.
    """

    def __init__(
        self, points: TableSnapshot, summaries: TableSnapshot, index: SummaryIndex
    ) -> None:
        self.points = points
        self.summaries = summaries
        self.head = points.cursor
        self.index = index
        self.overlay = Overlay()
        self.model_points = LinkedPoints.of_models(points)
        self.dataset_points = LinkedPoints.of_datasets(points)
        self._unsaved: set[Series] = set()
        self._rebuilt = summary_frame({})

    @classmethod
    def load(cls, points: CursorTable, summaries: CursorTable) -> Self:
        """Read both tables. Raises ``BackendError``, and ``IntegrityError`` when they disagree."""
        summed = summaries.snapshot()  # First: the points' cursor only grows, so it is not behind.
        written = points.snapshot()
        _check(written.cursor, summed.cursor)
        if not summed.cursor.size:
            folded = fold_columns(written.scan())
            view = cls(written, summed, SummaryIndex(folded))
            view._rebuilt = folded
            return view
        view = cls(written, summed, SummaryIndex.load(summed))
        if summed.cursor != written.cursor:
            missing = written.scan().filter(pl.col("seq") >= summed.cursor.size)
            view._take({(run, one.key): one for run, one in summaries_in(fold_columns(missing))})
        return view

    @property
    def durable(self) -> bool:
        """Whether both tables hold everything."""
        return self.summaries.cursor == self.points.cursor == self.head

    def add(self, rows: Sequence[PointRow], head: Cursor) -> None:
        """Take the rows of the entries up to ``head``."""
        self.overlay.add(rows)
        self.model_points.add(rows)
        self.dataset_points.add(rows)
        self._take(fold(rows))
        self.head = head

    def points_saved(self, points: TableSnapshot) -> None:
        """The overlay now stands in the table."""
        self.points = points
        self.overlay = Overlay()
        self.model_points.saved(points)
        self.dataset_points.saved(points)

    def summaries_saved(self, summaries: TableSnapshot) -> None:
        """The summaries table has caught up with the points table."""
        self.summaries = summaries
        self._unsaved = set()
        self._rebuilt = summary_frame({})

    def unsaved_summaries(self) -> pl.DataFrame:
        """The rows that the summaries table lacks."""
        return pl.concat([self._rebuilt, summary_frame(self.index.latest(self._unsaved))])

    def _take(self, folded: Mapping[Series, MetricSummary]) -> None:
        self.index.add(folded)
        self._unsaved.update(folded)


def past_summaries(
    points: TableSnapshot,
    summaries: TableSnapshot,
    applied: Sequence[PointRow],
    series: Collection[Series],
    *,
    as_of: int,
) -> dict[Series, MetricSummary]:
    """Summaries of ``series`` over the entries before ``as_of``, exact for every position.

    Of each series the last row before ``as_of`` is taken, and the points after it are added: those
    of the one micro-batch in which ``as_of`` falls. ``applied`` are the overlay's rows of
    ``series`` before ``as_of``. Pure reads of unchanging versions: needs no lock.
    """
    runs, keys = sorted({run for run, _ in series}), sorted({key for _, key in series})
    asked = pl.col("run").is_in(runs) & pl.col("key").is_in(keys)
    chosen = asked & (pl.col("seq") < as_of)
    known = summaries_in(collect(latest_rows(summaries.scan().filter(chosen))))
    bases = {(run, summary.key): summary for run, summary in known}
    since = min((bases[one].seq if one in bases else -1 for one in series), default=-1)
    stored = rows_of(collect(points.scan().filter(chosen, pl.col("seq") > since)))
    added = fold(
        row
        for row in [*stored, *applied]
        if (base := bases.get((row.run, row.key))) is None or row.seq > base.seq
    )
    result = {one: bases[one] for one in series if one in bases}
    for one in series:
        if one in added:
            result[one] = merge(result[one], added[one]) if one in result else added[one]
    return result


def ordered_points(
    points: TableSnapshot,
    applied: Sequence[PointRow],
    summary: MetricSummary,
    run: str,
    before: int,
) -> list[PointRow]:
    """One series in ``series_order``, then by position; ``summary`` bounds where it may stand."""
    stored = points.scan().filter(
        pl.col("run") == run,
        pl.col("key") == summary.key,
        pl.col("seq").is_between(summary.seq_first, min(summary.seq, before - 1)),
    )
    both = pl.concat([stored, point_frame(applied).lazy()])
    value = pl.col("value")
    # The same order as analytics.summaries.series_order, whose rank tells -0.0, 0.0 and NaN apart.
    number = pl.when(value.is_nan()).then(0.0).otherwise(value)
    rank = (
        pl.when(value.is_nan())
        .then(2)
        .when(value != 0.0)
        .then(0)
        .otherwise(((1.0 / value) > 0.0).cast(pl.Int8))
    )
    return rows_of(collect(both.sort("step", "at", number, rank, "seq", "ordinal")))


def by_key(
    summaries: Mapping[str, MetricSummary], keys: frozenset[str] | None
) -> dict[str, MetricSummary]:
    """Those of ``keys``, all when None, ordered by key."""
    return {key: summaries[key] for key in sorted(summaries) if keys is None or key in keys}


def _check(points: Cursor, summaries: Cursor) -> None:
    if summaries.size > points.size or (
        summaries.size == points.size and summaries.edge != points.edge
    ):
        raise IntegrityError(
            "The metric tables do not belong together: their cursors disagree.",
            hint="Delete the folder of the metric tables; they are rebuilt from the ledger.",
            context={"points": points.size, "summaries": summaries.size},
        )
