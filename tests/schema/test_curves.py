"""A metric's course in two runs, aligned by step."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.schema.conftest import History
from tests.schema.recorded import dataset

QUERY = """query Q($b: ID!, $c: ID!, $m: String!, $from: BigInt, $first: Int!) {
  curveDelta(baseline: $b, candidate: $c, metric: $m, fromStep: $from, maxSteps: $first) {
    steps baseline candidate delta partsAt onlyBaseline onlyCandidate } }"""


@pytest.fixture(scope="module")
def curves(new_history: Callable[[], History]) -> History:
    history = new_history()
    series = {"a" * 32: {0: "0.5", 1: "0.25", 2: "0.5"}, "b" * 32: {0: "0.5", 2: "0.75", 3: "NaN"}}
    for run, values in series.items():
        history.recorder.run(run)
        points = [
            {"key": "loss", "value": value, "step": step, "timestamp": 0}
            for step, value in values.items()
        ]
        payload = {"run_id": run, "metrics": points, "params": {}, "tags": {}, "uses": []}
        history.recorder.append("run.logged", payload)
    return history


def ask(history: History, **variables: Any) -> dict[str, Any]:
    given = {"b": "a" * 32, "c": "b" * 32, "m": "loss", "first": 10, **variables}
    found: dict[str, Any] = history.data(QUERY, **given)["curveDelta"]
    return found


def test_series_are_aligned_by_step_and_part_where_they_differ_first(curves: History) -> None:
    assert ask(curves) == {
        "steps": ["0", "1", "2", "3"],
        "baseline": [0.5, 0.25, 0.5, None],
        "candidate": [0.5, None, 0.75, None],
        "delta": [0.0, None, 0.25, None],
        "partsAt": "2",
        "onlyBaseline": 1,
        "onlyCandidate": 1,
    }


def test_a_part_of_the_course_still_knows_the_whole(curves: History) -> None:
    part = ask(curves, **{"from": 3}, first=5)
    assert (part["steps"], part["partsAt"], part["onlyBaseline"]) == (["3"], "2", 1)
    assert ask(curves, first=1)["steps"] == ["0"]


def test_a_split_that_a_dataset_tells_has_a_course(new_history: Callable[[], History]) -> None:
    history = new_history()
    used = dataset("held-out", "4" * 64, role="validation", facet="EVAL_DATA")
    on = {"dataset_name": "held-out", "dataset_digest": "4" * 64}
    for run, values in (("a" * 32, ("0.5", "0.25")), ("b" * 32, ("0.5", "0.75"))):
        history.recorder.run(run, uses=[used])
        points = [
            {"key": "loss", "value": value, "step": step, "timestamp": 0, **more}
            for step, value in enumerate(values)
            for more in ({}, on)
        ]
        payload = {"run_id": run, "metrics": points, "params": {}, "tags": {}, "uses": []}
        history.recorder.append("run.logged", payload)
    found = ask(history, m="validation/loss")
    assert (found["steps"], found["delta"], found["partsAt"]) == (["0", "1"], [0.0, 0.5], "1")
    assert ask(history, m="loss")["steps"] == ["0", "1"]


def test_a_run_against_itself_never_parts(curves: History) -> None:
    assert ask(curves, c="a" * 32)["partsAt"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"m": "none"}, "NOT_FOUND"),
        ({"c": "f" * 32}, "NOT_FOUND"),
        ({"first": -1}, "INVALID_ARGUMENT"),
        ({"first": 10_001}, "INVALID_ARGUMENT"),
    ],
)
def test_what_has_no_curve_is_refused(curves: History, change: dict[str, Any], code: str) -> None:
    given = {"b": "a" * 32, "c": "b" * 32, "m": "loss", "first": 10, **change}
    assert curves.code(QUERY, **given) == code
