"""A table of runs, one row a run: what analysts hold, and what a filter means on it.

Columns: ``run_id``, the attributes under MLflow's names, ``params.<key>`` and ``tags.<key>`` as
text, ``metrics.<key>`` (the last value) as a double; null where a run has none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from analytics.frame_filter import FRAME_NAMES, run_expression
from analytics.summaries import SeriesPoint, series_order

_ATTRIBUTES: Final = (
    "experiment_id",
    "name",
    "status",
    "lifecycle",
    "user",
    "start_time",
    "end_time",
)
_NUMBERS: Final = frozenset({"start_time", "end_time"})
_PREFIXES: Final = ("params.", "tags.")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run: its attributes as the graph has them, and the last point of each metric."""

    run_id: str
    attributes: Mapping[str, str | int]
    last: dict[str, SeriesPoint] = field(default_factory=dict[str, SeriesPoint])

    def add(self, key: str, point: SeriesPoint) -> None:
        """Take one point of a series."""
        known = self.last.get(key)
        if known is None or series_order(point) > series_order(known):
            self.last[key] = point


def run_frame(rows: Iterable[RunRow]) -> pl.DataFrame:
    """The table of these runs, in their order; its further columns by name."""
    runs = list(rows)
    named = {name for run in runs for name in run.attributes if name.startswith(_PREFIXES)}
    keys = sorted({key for run in runs for key in run.last})
    columns = [pl.Series("run_id", [run.run_id for run in runs], dtype=pl.String())]
    for name in (*_ATTRIBUTES, *sorted(named)):
        kind = pl.Int64() if name in _NUMBERS else pl.String()
        values = [run.attributes.get(name) for run in runs]
        columns.append(pl.Series(FRAME_NAMES.get(name, name), values, dtype=kind))
    for key in keys:
        last = [run.last[key][2] if key in run.last else None for run in runs]
        columns.append(pl.Series(f"metrics.{key}", last, dtype=pl.Float64()))
    return pl.DataFrame(columns)


def write_runs(path: Path, rows: Iterable[RunRow], filter_text: str) -> int:
    """Write the runs that a filter lets through as Parquet; how many they are.

    Raises ``UsageError`` as ``run_expression`` does, ``OSError``.
    """
    frame = run_frame(rows)
    found = frame.filter(run_expression(filter_text, frame.columns))
    found.write_parquet(path)
    return len(found)
