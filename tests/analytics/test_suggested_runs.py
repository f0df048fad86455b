"""Suggested runs: a chain of single changes from the baseline to the candidate."""

from itertools import pairwise

import pytest

from analytics.causes import Attribution, Cause, CauseKind, Effect
from analytics.suggested_runs import suggested_runs
from domain.facet import Facet
from domain.metric import MetricKey


def cause(label: str, attribution: Attribution, confounders: int = 1) -> Cause:
    effect = Effect(MetricKey("accuracy"), attribution, confounders, -0.01)
    return Cause(
        kind=CauseKind.PARAM,
        facet=Facet.PARAMS,
        label=label,
        role="",
        before=("1",),
        after=("2",),
        before_ids=(),
        after_ids=(),
        distance=0,
        path=(),
        effects=(effect,),
    )


def confounded(count: int) -> list[Cause]:
    return [cause(f"param p{n}", Attribution.CONFOUNDED, count) for n in range(count)]


def test_a_single_cause_needs_no_run() -> None:
    assert suggested_runs([cause("param a", Attribution.SOLE)]) == ()
    assert suggested_runs([]) == ()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_each_pair_of_neighbours_differs_in_one_cause(count: int) -> None:
    runs = suggested_runs(confounded(count))
    assert len(runs) == count - 1
    steps = [set(), *({change.label for change in run.changes} for run in runs)]
    steps.append({f"param p{n}" for n in range(count)})
    assert all(len(after - before) == 1 for before, after in pairwise(steps))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_cause_is_separated_once(count: int) -> None:
    separated = [label for run in suggested_runs(confounded(count)) for label in run.separates]
    assert separated == [f"param p{n}" for n in range(count)]


def test_causes_that_are_not_confounded_are_left_alone() -> None:
    causes = [*confounded(2), cause("param other", Attribution.SHARED)]
    labels = {change.label for run in suggested_runs(causes) for change in run.changes}
    assert labels == {"param p0"}
