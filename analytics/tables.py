"""Metric tables: the projection of every logged metric point, and the summaries comparison reads.

Two Delta Lake tables under ``<data>/tables``, ``metric_points`` and ``metric_summaries``, each with
its own cursor in its own commits (``docs/decisions/0004-delta-metric-tables.md``). ``apply`` makes
entries visible to this process at once; ``flush`` makes them durable, in micro-batches, since a
table version per request would bury the tables in small files. Nothing is lost by that: what was
not flushed is applied again from the ledger.
"""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import orjson
import polars as pl
import structlog

from analytics.delta_lake import CursorTable, collect
from analytics.examples import ExampleFiles, ExampleResults
from analytics.last_values import LastValues
from analytics.metric_rows import (
    OPTIONAL_COLUMNS,
    POINT_COLUMNS,
    SUMMARY_COLUMNS,
    PointRow,
    Series,
    metric_point,
    point_rows,
    summary_frame,
)
from analytics.metric_view import MetricView, by_key, ordered_points, past_summaries
from analytics.summaries import MetricSummary
from domain.clock import Clock
from domain.errors import BackendError, StaleError
from domain.metric import MetricPoint, decimal_text
from ledger.entry import Entry
from ledger.projection import Cursor

log = structlog.get_logger()

FLUSH_ROWS: Final = 50_000
"""A micro-batch is written once it holds this many rows (or as many entries without any),"""
FLUSH_AFTER_MS: Final = 1_000
"""or at the first ``apply`` this many milliseconds after its first row."""
_WARM_SUMMARIES: Final = 200_000
"""Summaries held as objects beyond which the index starts afresh from its columns."""


class MetricTables:
    """The projection ``metrics``. Thread-safe: reads go on while entries are applied.

    Every read answers for a position: ``as_of`` is a tree size, None what is visible now. A
    position that is not applied yet raises ``StaleError``. ``BackendError`` when the tables cannot
    be read or written.
    """

    name: str = "metrics"

    def __init__(self, folder: Path, *, clock: Clock, blobs: Path | None = None) -> None:
        """Open the tables in ``folder``; they are created by the first flush.

        ``blobs`` is where files of results by example stand.
        """
        self._examples = ExampleFiles(blobs)
        self._clock = clock
        self._points = CursorTable(folder / "metric_points", POINT_COLUMNS, OPTIONAL_COLUMNS)
        self._summaries = CursorTable(folder / "metric_summaries", SUMMARY_COLUMNS, frozenset())
        self._writing = threading.RLock()  # One apply, flush or reset at a time.
        self._reading = threading.RLock()  # Guards the two views; never held during a commit.
        self._view = MetricView.load(self._points, self._summaries)
        self._shown = self._view
        self._since_ms = 0
        self._compaction: threading.Thread | None = None

    @classmethod
    def open(cls, data: Path, *, clock: Clock) -> Self:
        """The tables of a data folder."""
        return cls(data / "tables", clock=clock, blobs=data / "blobs")

    def cursor(self) -> Cursor:
        """How far this process has applied: the durable cursor, and the overlay on top of it."""
        with self._reading:
            return self._view.head

    def durable_cursor(self) -> Cursor:
        """How far the points table had come when this process last wrote or loaded it."""
        with self._reading:
            return self._view.points.cursor

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        """Make ``entries`` visible, and durable when a micro-batch is due.

        Raises ``StaleError`` when this process's cursor is not ``old``, or when the flush finds
        that another process moved the durable cursor: then the tables are loaded again, and
        ``cursor()`` tells from where to apply.
        """
        with self._writing:
            if self._view.head != old:
                raise _stale(self._view.head.size, old.size)
            rows = [row for entry in entries for row in point_rows(entry)]
            with self._reading:
                if rows and not self._view.overlay:
                    self._since_ms = self._clock.now_ms()
                self._view.add(rows, new)
                self._show(self._view)
            if self._due():
                self.flush()

    def flush(self) -> None:
        """Write everything that is applied. Raises ``StaleError`` as ``apply`` does."""
        with self._writing:
            if self._view.durable:
                return
            self._save_points()
            self._save_summaries()
            self._tidy()

    def reset(self) -> None:
        """Remove both tables. The summaries go first, so that a crash leaves none ahead."""
        with self._writing:
            self._finish_compaction()
            self._summaries.remove()
            self._points.remove()
            with self._reading:
                self._view = self._shown = MetricView.load(self._points, self._summaries)

    def close(self) -> None:
        """Flush, and wait for a compaction. Losing a race is fine: the ledger holds the rest."""
        try:
            self.flush()
        except StaleError:
            log.info("projection.flush_lost", projection=self.name)
        self._finish_compaction()

    def summaries(
        self,
        run_ids: Collection[str],
        *,
        keys: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> dict[str, dict[str, MetricSummary]]:
        """Summaries by run id and metric key; every asked run has an entry, ordered by key."""
        wanted = None if keys is None else frozenset(keys)
        with self._reading:
            view = self._shown
            size = _position(view, as_of)
            latest = view.index.of_runs(run_ids)
            found = {run: by_key(latest[run], wanted) for run in run_ids}
            late = [
                (run, key)
                for run, summaries in found.items()
                for key, summary in summaries.items()
                if summary.seq >= size
            ]
            begun = [one for one in late if found[one[0]][one[1]].seq_first < size]
            sources = view.points, view.summaries, view.overlay.rows(begun, before=size)
        past = past_summaries(*sources, begun, as_of=size) if begun else {}
        for run, key in late:
            if (run, key) in past:
                found[run][key] = past[run, key]
            else:
                del found[run][key]
        return found

    def last_values(self, key: str, *, as_of: int | None = None) -> LastValues:
        """The last value of one metric in every run, in order."""
        with self._reading:
            view = self._shown
            size = _position(view, as_of)
            ranking, changed = view.index.ranking(key)
            late = {run for run in ranking.since(size) if run not in changed}
            late |= {run for run, summary in changed.items() if summary.seq >= size}
            series = [(run, key) for run in sorted(late)]
            sources = view.points, view.summaries, view.overlay.rows(series, before=size)
        now: dict[str, float | None] = {run: summary.last for run, summary in changed.items()}
        if series:
            past = past_summaries(*sources, series, as_of=size)
            now |= {one[0]: past[one].last if one in past else None for one in series}
        return LastValues(ranking, now)

    def model_points(
        self, model_ids: Collection[str] | None, *, as_of: int | None = None
    ) -> Mapping[str, list[PointRow]]:
        """The points logged for these models, for all when None, by model in order of arrival."""
        with self._reading:
            view = self._shown
            return view.model_points.of(model_ids, before=_position(view, as_of))

    def dataset_points(
        self, run_ids: Collection[str], *, as_of: int | None = None
    ) -> Mapping[str, list[PointRow]]:
        """The points that these runs logged on a dataset, by run in order of arrival."""
        with self._reading:
            view = self._shown
            return view.dataset_points.of(run_ids, before=_position(view, as_of))

    def points(self, run_id: str, key: str, *, as_of: int | None = None) -> list[MetricPoint]:
        """One series in (step, timestamp, value) order, as it was logged; empty when unknown."""
        with self._reading:
            view = self._shown
            size = _position(view, as_of)
            summary = view.index.of_runs([run_id])[run_id].get(key)
            applied = view.overlay.rows([(run_id, key)], before=size)
            stored = view.points
        if summary is None:
            return []
        rows = ordered_points(stored, applied, summary, run_id, size)
        return [metric_point(row) for row in rows]

    def examples(self, digest: str, suffix: str) -> ExampleResults:
        """The results example by example in a file; ``IntegrityError`` when it was changed."""
        return self._examples.results(digest, suffix)

    def dump_digest(self) -> str:
        """``sha256:<hex>`` of all points and latest summaries, in one canonical order.

        The same for the same ledger prefix, however it was batched, compacted or rebuilt.
        """
        with self._reading:
            view = self._shown
            tail = view.overlay.frame()
            index = view.index.of_runs(view.index.run_ids())
            latest: dict[Series, MetricSummary] = {
                (run, key): summary for run in index for key, summary in index[run].items()
            }
            stored = view.points.scan()
        points = pl.concat([stored, tail.lazy()]).sort("run", "key", "seq", "ordinal")
        digest = hashlib.sha256()
        for frame in (collect(points), summary_frame(latest)):
            _feed(digest.update, frame.iter_rows())
        return f"sha256:{digest.hexdigest()}"

    def _due(self) -> bool:
        view = self._view
        if view.head.size - view.points.cursor.size >= FLUSH_ROWS:
            return True
        waited = self._clock.now_ms() - self._since_ms
        return bool(view.overlay) and (
            len(view.overlay) >= FLUSH_ROWS or not 0 <= waited < FLUSH_AFTER_MS
        )

    def _save_points(self) -> None:
        view = self._view
        if view.points.cursor == view.head:
            return
        rows = view.overlay.frame()
        try:
            saved = self._points.append(rows, old=view.points.cursor, new=view.head)
        except StaleError:
            self._load()
            raise
        with self._reading:
            view.points_saved(saved)
        log.info("projection.flushed", projection=self.name, size=view.head.size, rows=len(rows))

    def _save_summaries(self) -> None:
        """The points are durable by now: losing this race means that the other wrote the same."""
        view = self._view
        try:
            saved = self._summaries.append(
                view.unsaved_summaries(), old=view.summaries.cursor, new=view.points.cursor
            )
        except StaleError:
            self._load()
            return
        with self._reading:
            view.summaries_saved(saved)

    def _tidy(self) -> None:
        """Join files in a thread of its own, since a large table takes seconds; bound the index."""
        view = self._view
        crowded = [
            table
            for table, snapshot in (
                (self._points, view.points),
                (self._summaries, view.summaries),
            )
            if table.crowded(snapshot)
        ]
        if crowded and not (self._compaction and self._compaction.is_alive()):
            self._compaction = threading.Thread(
                target=_compact, args=(crowded,), name="metric-compaction"
            )
            self._compaction.start()
        if view.index.size > _WARM_SUMMARIES:
            self._load()

    def _finish_compaction(self) -> None:
        if self._compaction:
            self._compaction.join()

    def _load(self) -> None:
        """Start again from what is durable; readers keep the older view until it is overtaken."""
        view = MetricView.load(self._points, self._summaries)
        with self._reading:
            self._view = view
            self._show(view)

    def _show(self, view: MetricView) -> None:
        if view.head.size >= self._shown.head.size:
            self._shown = view


def _position(view: MetricView, as_of: int | None) -> int:
    if as_of is not None and as_of > view.head.size:
        raise _stale(view.head.size, as_of)
    return view.head.size if as_of is None else as_of


def _stale(size: int, asked: int) -> StaleError:
    return StaleError(
        f"The metric tables stand at {size}, not at {asked}.",
        hint="Bring the projection up to the ledger's head and ask again.",
        context={"size": size, "asked": asked},
    )


def _compact(tables: Sequence[CursorTable]) -> None:
    for table in tables:
        try:
            table.compact()
        except BackendError as error:
            # Somebody else's compaction, or a table that was reset: the next flush tries again.
            log.warning("table.compaction_failed", reason=str(error.context["reason"]))


def _feed(update: Callable[[bytes], object], rows: Iterable[tuple[object, ...]]) -> None:
    for row in rows:
        texts = [decimal_text(value) if isinstance(value, float) else value for value in row]
        update(orjson.dumps(texts))
