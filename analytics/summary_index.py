"""The latest summary of every series, kept warm in memory.

What the table holds stays in columns, found by run, until it is asked for; what was asked for or
changed since stays as objects. So opening costs one read of the summaries table, and the second
look at a run costs a dictionary access.
"""

from collections.abc import Collection, Mapping
from typing import Final, Self, cast

import polars as pl

from analytics.delta_lake import TableSnapshot, collect
from analytics.last_values import Ranking
from analytics.metric_rows import Series, summaries_in
from analytics.summaries import MetricSummary, merge

_LAST: Final = pl.Schema({"run": pl.String(), "last": pl.Float64(), "seq": pl.Int64()})
_CHANGED_SHARE: Final = 16
_CHANGED_LEAST: Final = 256
"""A ranking is made anew when more than a 16th of its runs and 256 changed."""
_RANKED_RUNS: Final = 500_000
"""Of all rankings together, beyond which the one that was longest not asked for is dropped."""


class SummaryIndex:
    """Latest summaries by run and key. Not thread-safe: its owner holds a lock."""

    def __init__(self, latest: pl.DataFrame) -> None:
        self._latest = latest
        self._spans = _spans(latest)
        self._runs: dict[str, dict[str, MetricSummary]] = {}
        self._changed: dict[str, set[str]] = {}
        """By metric key the runs whose series is not as the columns have it."""
        self._rankings: dict[str, tuple[Ranking, set[str]]] = {}
        """By metric key, the latest asked for last: with the runs that changed since."""

    @classmethod
    def load(cls, summaries: TableSnapshot) -> Self:
        """Read the latest row of each series. Raises ``BackendError``."""
        return cls(collect(latest_rows(summaries.scan())))

    @property
    def size(self) -> int:
        """How many summaries are held as objects."""
        return sum(len(summaries) for summaries in self._runs.values())

    def run_ids(self) -> list[str]:
        """Every run with a metric, ordered."""
        return sorted(self._spans.keys() | self._runs.keys())

    def of_runs(self, run_ids: Collection[str]) -> dict[str, Mapping[str, MetricSummary]]:
        """By run id and metric key; every asked run has an entry."""
        self._materialise(run_ids)
        return {run: self._runs.get(run, {}) for run in run_ids}

    def add(self, folded: Mapping[Series, MetricSummary]) -> None:
        """Merge summaries of new points into the latest."""
        self._materialise({run for run, _ in folded})
        for (run, key), summary in folded.items():
            known = self._runs.setdefault(run, {})
            known[key] = merge(known[key], summary) if key in known else summary
            self._changed.setdefault(key, set()).add(run)
            if key in self._rankings:
                self._rankings[key][1].add(run)

    def ranking(self, key: str) -> tuple[Ranking, Mapping[str, MetricSummary]]:
        """Runs by their last value of a metric, and the summaries of those that changed since.

        The ranking is kept, and made anew when a share of it changed.
        """
        known = self._rankings.pop(key, None)
        if known is None or len(known[1]) > len(known[0]) // _CHANGED_SHARE + _CHANGED_LEAST:
            known = (_ranking(self._last(key)), set[str]())
        self._rankings[key] = known
        while len(self._rankings) > 1 and self._ranked > _RANKED_RUNS:
            del self._rankings[next(iter(self._rankings))]
        ranking, changed = known
        return ranking, {run: self._runs[run][key] for run in changed}

    @property
    def _ranked(self) -> int:
        return sum(len(ranking) for ranking, _ in self._rankings.values())

    def _last(self, key: str) -> pl.DataFrame:
        """(run, last, seq) of every run with the metric."""
        stored = self._latest.lazy().filter(pl.col("key") == key).select("run", "last", "seq")
        runs = sorted(self._changed.get(key, ()))
        fresh = pl.DataFrame(
            [(run, self._runs[run][key].last, self._runs[run][key].seq) for run in runs],
            schema=_LAST,
            orient="row",
        )
        return pl.concat([collect(stored.join(fresh.lazy(), on="run", how="anti")), fresh])

    def latest(self, series: Collection[Series]) -> dict[Series, MetricSummary]:
        """The summaries of series that are all known."""
        self._materialise({run for run, _ in series})
        return {(run, key): self._runs[run][key] for run, key in series}

    def _materialise(self, run_ids: Collection[str]) -> None:
        rows: list[int] = []
        for run in run_ids:
            if run not in self._runs and run in self._spans:
                start, count = self._spans[run]
                rows.extend(range(start, start + count))
        if rows:
            for run, summary in summaries_in(self._latest[rows]):
                self._runs.setdefault(run, {})[summary.key] = summary


def latest_rows(summaries: pl.LazyFrame) -> pl.LazyFrame:
    """Of each series the row that covers most, ordered by run and key."""
    newest = pl.all().exclude("run", "key").sort_by("seq").last()
    return summaries.group_by("run", "key").agg(newest).sort("run", "key")


def _ranking(last: pl.DataFrame) -> Ranking:
    number = pl.col("last").is_not_nan()
    # -0.0 + 0.0 is 0.0: zeros of either sign are one value.
    ranked = last.filter(number).sort(pl.col("last") + 0.0, "run").select("last", "run").rows()
    nan = last.filter(~number)["run"].sort().to_list()
    return Ranking(ranked, nan, last.sort("seq").select("seq", "run").rows())


def _spans(latest: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Where each run's rows stand in a frame that is ordered by run: (first row, how many)."""
    counts = latest.group_by("run", maintain_order=True).agg(pl.len().alias("rows"))
    spans: dict[str, tuple[int, int]] = {}
    start = 0
    for run, rows in cast("list[tuple[str, int]]", counts.rows()):
        spans[run] = (start, rows)
        start += rows
    return spans
