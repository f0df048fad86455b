"""How a metric's whole course differs between two runs."""

from collections.abc import Sequence
from dataclasses import replace

from analytics.curve_delta import CurveDelta, curve_delta
from analytics.dataset_splits import dataset_series
from analytics.facts import SummaryReader, gather_facts
from domain.errors import NotFoundError, UsageError
from domain.metric import MetricPoint, decimal_text
from governance.run_set import named_runs
from graph.port import GraphReader

MAX_STEPS = 10_000


def compare_curves(
    graph: GraphReader,
    metrics: SummaryReader,
    baseline: str,
    candidate: str,
    metric: str,
    *,
    project: str,
    from_step: int,
    first: int,
    as_of: int,
) -> CurveDelta:
    """``metric`` of two runs by step; the columns hold ``first`` steps from ``from_step`` on.

    ``parts_at`` and the counts are those of the whole course. Raises ``NotFoundError`` when the
    project lacks a run or neither run recorded the metric, ``UsageError`` for bounds out of range.
    """
    if not 0 <= first <= MAX_STEPS:
        raise UsageError(f"From 0 to {MAX_STEPS} steps can be shown, {first} was asked for.")
    named_runs(graph, project, sorted({baseline, candidate}), as_of=as_of)
    before, after = (
        metrics.points(run, metric, as_of=as_of) or _on_dataset(graph, metrics, run, metric, as_of)
        for run in (baseline, candidate)
    )
    if not before and not after:
        raise NotFoundError(
            f"Neither run recorded {metric[:60]!r}.", hint="Check the metric's name."
        )
    whole = curve_delta(before, after)
    start = sum(1 for step in whole.steps if step < from_step)
    shown = slice(start, start + first)
    return replace(
        whole,
        steps=whole.steps[shown],
        baseline=whole.baseline[shown],
        candidate=whole.candidate[shown],
        delta=whole.delta[shown],
    )


def _on_dataset(
    graph: GraphReader, metrics: SummaryReader, run: str, split: str, as_of: int
) -> Sequence[MetricPoint]:
    """The course of a split that a dataset tells (``analytics.dataset_splits``); else empty."""
    rows = metrics.dataset_points([run], as_of=as_of).get(run)
    if not rows:
        return ()
    (facts,) = gather_facts(graph, metrics, [run], as_of=as_of)
    return [
        MetricPoint(key=split, value=decimal_text(row.value), step=row.step, timestamp=row.at)
        for row in dataset_series(rows, facts.inputs).get(split, [])
    ]
