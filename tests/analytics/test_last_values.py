"""The index of last values: at every position what a walk over the points says, in order."""

import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import summary_index
from analytics.last_values import LastValues
from analytics.metric_rows import point_rows
from analytics.summaries import series_order
from analytics.tables import MetricTables
from domain.clock import FrozenClock
from graph.filter import MetricCondition
from graph.port import Operator
from ledger.entry import Entry
from tests.analytics.metric_entries import cursor, entry, point

NUMBERS = st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 0.5, 2.0, math.inf, math.nan])
POINTS = st.lists(
    st.builds(point, st.sampled_from(["acc", "loss"]), NUMBERS, step=st.integers(0, 2)), max_size=3
)
LEDGERS = st.lists(st.tuples(st.sampled_from("abcde"), POINTS), min_size=1, max_size=12).map(
    lambda calls: [entry(seq, run, points) for seq, (run, points) in enumerate(calls)]
)
NUMERIC = (Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE)


def opened(folder: Path) -> MetricTables:
    return MetricTables.open(folder, clock=FrozenClock())


def feed(tables: MetricTables, entries: list[Entry]) -> None:
    start = tables.cursor().size
    if start < len(entries):
        tables.apply(entries[start:], old=tables.cursor(), new=cursor(len(entries)))


def expected(entries: list[Entry]) -> dict[str, float]:
    """The last value of ``acc`` by run."""
    points: dict[str, list[tuple[int, int, float]]] = {}
    for one in entries:
        for row in point_rows(one):
            if row.key == "acc":
                points.setdefault(row.run, []).append((row.step, row.at, row.value))
    return {run: max(found, key=series_order)[2] for run, found in points.items()}


def check(values: LastValues, wanted: dict[str, float]) -> None:
    for run in "abcdef":
        found = values.get(run)
        assert found is wanted.get(run) or found == wanted[run] or wanted[run] != wanted[run]
    numbers = {run: value for run, value in wanted.items() if value == value}
    pairs = sorted((value, run) for run, value in numbers.items())
    assert list(values.ranked(descending=False)) == pairs
    assert list(values.ranked(descending=True)) == pairs[::-1]
    assert values.not_a_number() == sorted(wanted.keys() - numbers.keys())
    for operator in NUMERIC:
        for number in (-1.0, 0.0, 0.5):
            condition = MetricCondition("acc", operator, number)
            holding = {run for run, value in wanted.items() if condition.holds(value)}
            assert set(values.matching(condition, limit=5) or ()) == holding
            if len(holding) > 1:
                assert values.matching(condition, limit=len(holding) - 1) is None


@given(entries=LEDGERS, batches=st.lists(st.tuples(st.integers(1, 4), st.sampled_from("fro-"))))
@settings(max_examples=25, deadline=None)
def test_every_position_answers_as_if_it_were_the_last(
    entries: list[Entry], batches: list[tuple[int, str]]
) -> None:
    """However it is batched, asked meanwhile, flushed and opened again."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary_index, "_CHANGED_LEAST", 1)
        patch.setattr(summary_index, "_RANKED_RUNS", 3)
        tables = opened(Path(name))
        for size, then in batches:
            feed(tables, entries[: tables.cursor().size + size])
            check(tables.last_values("acc"), expected(entries[: tables.cursor().size]))
            tables.last_values("loss")
            if then in "fo":
                tables.flush()
            if then in "ro":
                tables = opened(Path(name))
        feed(tables, entries)
        for as_of in range(len(entries) + 1):
            check(tables.last_values("acc", as_of=as_of), expected(entries[:as_of]))


def test_a_snapshot_does_not_change_when_entries_come(tmp_path: Path) -> None:
    tables = opened(tmp_path)
    first = [entry(0, "a", [point("acc", 1.0)])]
    feed(tables, first)
    before = tables.last_values("acc")
    feed(tables, [*first, entry(1, "b", [point("acc", 2.0)])])
    assert list(before.ranked(descending=False)) == [(1.0, "a")]
    assert list(tables.last_values("acc").ranked(descending=False)) == [(1.0, "a"), (2.0, "b")]


def of_model(value: float, model: str, **more: Any) -> Any:
    return {**point("acc", value), "model_id": model, **more}


def test_points_of_models_are_found_by_model_at_every_position(tmp_path: Path) -> None:
    entries = [
        entry(0, "a", [of_model(0.1, "m1"), point("acc", 9.0)]),
        entry(1, "b", [of_model(0.2, "m1", dataset_name="d"), of_model(0.3, "m2")]),
        entry(2, "a", [of_model(0.4, "m1")]),
    ]

    def shown(tables: MetricTables, models: Any, as_of: int | None) -> dict[str, list[float]]:
        found = tables.model_points(models, as_of=as_of)
        return {model: [row.value for row in rows] for model, rows in found.items()}

    tables = opened(tmp_path)
    feed(tables, entries[:2])
    tables.flush()
    for again in (tables, opened(tmp_path)):
        feed(again, entries)
        assert shown(again, None, None) == {"m1": [0.1, 0.2, 0.4], "m2": [0.3]}
        assert shown(again, ["m1", "nobody"], 2) == {"m1": [0.1, 0.2]}
        assert shown(again, None, 0) == {}
