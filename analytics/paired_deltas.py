"""Deltas of which those are paired that their criterion, or a single run a side, asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from analytics.criterion import Criterion
from analytics.delta import MetricDelta, Uncertainty, metric_deltas, reduced
from analytics.facts import RunFacts
from analytics.paired import EXAMPLES, Paired, by_examples, by_param, score
from analytics.splits import split_of
from domain.metric import MetricDefinition


def paired_deltas(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    definitions: Mapping[str, MetricDefinition],
    criteria: Mapping[str, Criterion],
) -> tuple[MetricDelta, ...]:
    """``metric_deltas``, paired where the criterion says so.

    One run a side with results by example on both has them paired without being asked: there is no
    other interval. That shows what the examples allow to say, and decides no rule.
    """
    return tuple(
        _paired(_with_split(delta), baseline, candidate, criteria.get(delta.key.name))
        for delta in metric_deltas(baseline, candidate, definitions, criteria)
    )


def _with_split(delta: MetricDelta) -> MetricDelta:
    split = split_of(delta.key.name).split
    return replace(delta, key=replace(delta.key, split=split)) if split else delta


def _paired(
    delta: MetricDelta,
    before: Sequence[RunFacts],
    after: Sequence[RunFacts],
    criterion: Criterion | None,
) -> MetricDelta:
    asked = criterion.pair_by if criterion else None
    alpha = (criterion or Criterion(delta.key.name)).alpha
    if delta.oriented is None:
        return replace(delta, pair_by=asked)
    found: Paired | str
    if asked is None:
        alone = len(before) == len(after) == 1 and before[0].examples and after[0].examples
        if not alone:
            return delta
        found = by_examples(before, after, delta.definition, delta.oriented, alpha)
        if isinstance(found, str):
            return replace(delta, unpaired=found)
    elif asked == EXAMPLES:
        found = by_examples(before, after, delta.definition, delta.oriented, alpha)
    else:
        found = _by_param(asked, before, after, delta.definition, alpha)
    if isinstance(found, str):
        return replace(
            delta,
            interval=None,
            p=None,
            uncertainty=Uncertainty.UNREPLICATED,
            pair_by=asked,
            unpaired=found,
        )
    of_runs = asked not in (None, EXAMPLES)
    return replace(
        delta,
        interval=found.interval,
        p=found.p,
        uncertainty=Uncertainty.SEED_ONLY if of_runs else Uncertainty.PAIRED,
        pair_by=asked,
        pairs=found.pairs,
    )


def _by_param(
    name: str,
    before: Sequence[RunFacts],
    after: Sequence[RunFacts],
    definition: MetricDefinition,
    alpha: str,
) -> Paired | str:
    sides: list[dict[str, Fraction]] = []
    for side in (before, after):
        values: dict[str, Fraction] = {}
        for facts in side:
            value = reduced(facts, definition)
            key = facts.params.get(name)
            if value is None or key is None or key in values:
                return f"The runs of a side do not each have a {name[:60]!r} of their own."
            values[key] = score(Fraction(value), definition)
        sides.append(values)
    if sides[0].keys() != sides[1].keys():
        return f"The two sides do not have the same values of {name[:60]!r}."
    return by_param(sides[0], sides[1], alpha) or "One pair of runs shows no variation."
