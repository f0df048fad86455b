"""Splits of metrics that were logged on a dataset: what the run used it as tells the split.

``log_metric("acc", 0.9, dataset=d)`` of a run that used ``d`` as ``validation`` is a point of
``validation/acc``, besides being one of ``acc``. No guess is made: a dataset that the run used in
two such ways, or not at all, tells nothing, and neither do two datasets of one split. A key that
tells a split by itself keeps that one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analytics.splits import SPLITS, split_of
from analytics.summaries import MetricSummary, series_order, summarise
from domain.artifact import content_digest

if TYPE_CHECKING:
    from analytics.facts import Input, RunFacts
    from analytics.metric_rows import PointRow


def dataset_series(
    rows: Iterable["PointRow"], inputs: Iterable["Input"]
) -> dict[str, list["PointRow"]]:
    """The points of one run that were logged on a dataset, by split and key (``validation/acc``).

    Each series is in ``series_order``. ``rows`` are those of the run that name a dataset,
    ``inputs`` what the run used.
    """
    splits = _splits(inputs)
    found: dict[str, list[PointRow]] = {}
    for row in rows:
        digest = row.dataset_digest or ""
        split = splits.get((row.dataset_name or "", content_digest(digest) or digest))
        if split and not split_of(row.key).split:
            found.setdefault(f"{split}/{row.key}", []).append(row)
    return {
        key: sorted(points, key=lambda row: series_order((row.step, row.at, row.value)))
        for key, points in sorted(found.items())
        if len({(row.dataset_name, row.dataset_digest) for row in points}) == 1
    }


def dataset_summaries(
    rows: Iterable["PointRow"], inputs: Iterable["Input"]
) -> dict[str, MetricSummary]:
    """``dataset_series``, each as its summary."""
    return {key: _summary(key, points) for key, points in dataset_series(rows, inputs).items()}


def with_dataset_splits(runs: Sequence["RunFacts"]) -> list["RunFacts"]:
    """The runs with those splits among their metrics; what was logged under such a name stays."""
    return [
        replace(facts, metrics={**facts.measured, **facts.metrics}) if facts.measured else facts
        for facts in runs
    ]


def _splits(inputs: Iterable["Input"]) -> Mapping[tuple[str, str], str]:
    """(dataset name, digest) to the one split that the run used it as."""
    found: dict[tuple[str, str], set[str]] = {}
    for use in inputs:
        role = use.role.lower()
        if role in SPLITS:
            found.setdefault((use.name, use.digest), set()).add(role)
    return {dataset: min(roles) for dataset, roles in found.items() if len(roles) == 1}


def _summary(key: str, rows: Sequence["PointRow"]) -> MetricSummary:
    seqs = [row.seq for row in rows]
    points = [(row.step, row.at, row.value) for row in rows]
    return replace(summarise(key, points, max(seqs)), seq_first=min(seqs))
