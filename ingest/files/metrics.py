"""Metrics in tables of one's own: CSV, JSON lines or Parquet.

Long tables name a metric in each row (columns ``key`` and ``value``); in wide ones every column of
numbers that has no other role is a metric.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from analytics.metric_files import MetricCell, MetricFileRow, metric_file_rows
from domain.errors import LineproofError, UsageError
from domain.ids import derived_id
from ingest.files.mlflow_run import NAME_TAG
from ingest.files.series import Point, SeriesPack, point
from ingest.record import Broken, Item, RunRecord, SeriesRecord
from ingest.record_values import ExperimentOf

ROLES: Final = ("key", "run", "step", "timestamp", "value")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|inf|nan)", re.I)


@dataclass(slots=True)
class _Series:
    """Points of one metric that wait to be handed on."""

    start: int = 0
    points: list[Point] = field(default_factory=list[Point])


def read_metrics(path: Path, experiment: str, columns: Mapping[str, str]) -> Iterator[Item]:
    """A run for each value of the run column; without one, the whole file is a run.

    Rows that are broken are reported, each with its number.
    """
    unknown = sorted(set(columns) - set(ROLES))
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no role.", hint=f"Use {', '.join(ROLES)}.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", hint="Import one file at a time.")
    return _read(path, experiment, {**{role: role for role in ROLES}, **columns})


def _read(path: Path, experiment: str, columns: Mapping[str, str]) -> Iterator[Item]:
    known: dict[tuple[str, str], _Series] = {}
    runs: set[str] = set()
    waiting = 0
    for number, row in enumerate(metric_file_rows(path), 1):
        try:
            name = str(row.get(columns["run"]) or path.stem)
            found = _points(row, columns)
        except LineproofError as error:
            yield Broken(f"{path.name}: row {number}", error.message)
            continue
        run_id = derived_id("metrics", experiment, name)
        if run_id not in runs:
            runs.add(run_id)
            yield _run(run_id, experiment, name)
        for key, one in found:
            known.setdefault((run_id, key), _Series()).points.append(one)
        waiting += len(found)
        if waiting >= 50_000:
            yield from _drain(known)
            waiting = 0
    yield from _drain(known)


def _drain(known: dict[tuple[str, str], _Series]) -> Iterator[SeriesRecord]:
    for run_id, group in itertools.groupby(known.items(), lambda item: item[0][0]):
        pack = SeriesPack(run_id)
        for (_, key), waiting in group:
            yield from pack.add(key, waiting.points, start=waiting.start)
            waiting.start += len(waiting.points)
            waiting.points = []
        yield from pack.rest()


def _points(row: MetricFileRow, columns: Mapping[str, str]) -> list[tuple[str, Point]]:
    step = _whole(row.get(columns["step"]), "step")
    time = _whole(row.get(columns["timestamp"]), "timestamp")
    key = row.get(columns["key"])
    if key is not None:
        value = _number(row.get(columns["value"]))
        if value is None:
            raise UsageError(f"the value of {str(key)[:60]!r} is no number.")
        return [(str(key), point(value, step, time))]
    roles = set(columns.values())
    numbers = {name: _number(value) for name, value in row.items() if name not in roles}
    return [(name, point(text, step, time)) for name, text in numbers.items() if text is not None]


def _number(value: MetricCell) -> str | None:
    """Decimal text; None for what is no number."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return repr(float(value))
    return value.strip() if _NUMBER.fullmatch(value.strip()) else None


def _whole(value: MetricCell, what: str) -> int:
    text = _number(value)
    if value is None or value == "":
        return 0
    try:
        return int(float(text or ""))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"the {what} {str(value)[:60]!r} is no whole number.") from error


def _run(run_id: str, experiment: str, name: str) -> RunRecord:
    return RunRecord(
        kind="run",
        run_id=run_id,
        experiment=ExperimentOf(id="", name=experiment, deleted=False, tags={}),
        name=name,
        user="",
        status="FINISHED",
        start_time=0,
        deleted=False,
        job="",
        params={},
        tags={NAME_TAG: name},
        uses=[],
        generates=[],
    )
