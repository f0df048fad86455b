"""Metric deltas between two sets of runs: raw, oriented (positive = better), relative.

With TARGET(v) the score of a run is -|value - v|: the oriented delta and its interval are those of
the runs' distances, which equals |baseline - v| - |candidate - v| for one run a side.
"""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from analytics.criterion import Criterion
from analytics.exact import ExactMoments, difference, exact_moments, exact_moments_of
from analytics.facts import RunFacts
from analytics.summaries import MetricSummary
from analytics.welch import Interval as Interval
from analytics.welch import p_below, welch
from domain.metric import Direction, MetricDefinition, MetricKey, Reducer, parse_decimal


class State(StrEnum):
    """On which sides the metric was recorded. A vanished metric is a state, not a gap."""

    BOTH = "BOTH"
    ONLY_BASELINE = "ONLY_BASELINE"
    ONLY_CANDIDATE = "ONLY_CANDIDATE"


class Uncertainty(StrEnum):
    """Which variation the interval covers."""

    SEED_ONLY = "SEED_ONLY"
    """That from run to run: seeds, and whatever else is not fixed."""
    PAIRED = "PAIRED"
    """That of which examples happen to be in the evaluation data; not that from run to run."""
    UNREPLICATED = "UNREPLICATED"
    """One run a side: there is no interval."""


@dataclass(frozen=True, slots=True)
class Moments:
    """One side of a delta: ``n`` runs with a finite value, their exact mean and sd (n - 1)."""

    n: int
    mean: float
    sd: float | None
    """None when n < 2."""
    non_finite: int
    """Runs whose value is NaN or infinite; such a side never passes a gate."""


@dataclass(frozen=True, slots=True)
class MetricDelta:
    """How one metric moved. None where a number has no meaning."""

    key: MetricKey
    definition: MetricDefinition
    state: State
    baseline: Moments | None
    candidate: Moments | None
    raw: float | None
    """candidate mean - baseline mean; None unless both sides are all finite."""
    oriented: float | None
    """None when the direction is NONE."""
    relative: float | None
    """oriented / |baseline mean|; None at a zero or subnormal baseline."""
    interval: Interval | None
    """Of ``oriented``; of ``raw`` when the direction is NONE."""
    p: float | None
    """One-sided: how surprising this or a worse oriented delta is if nothing changed.

    None without an interval, and when the direction is NONE.
    """
    uncertainty: Uncertainty
    pair_by: str | None = None
    """What its criterion asked to be paired."""
    pairs: int | None = None
    """How many pairs the interval rests on; None when nothing is paired."""
    unpaired: str = ""
    """Why what was asked to be paired could not be, in a sentence."""


def metric_deltas(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    definitions: Mapping[str, MetricDefinition],
    criteria: Mapping[str, Criterion],
) -> tuple[MetricDelta, ...]:
    """One delta for each metric that either side recorded, by metric key.

    ``definitions`` and ``criteria`` are by metric name. A metric that is not defined is reduced by
    LAST and has no direction; one without a criterion gets the interval of the default level.
    """
    names = {name for facts in (*baseline, *candidate) for name in facts.metrics}
    deltas: list[MetricDelta] = []
    for name in sorted(names):
        definition = definitions.get(name) or MetricDefinition(name)
        before, after = _values(baseline, definition), _values(candidate, definition)
        if before or after:
            alpha = (criteria.get(name) or Criterion(name)).alpha
            deltas.append(value_delta(definition, before, after, alpha))
    return tuple(deltas)


def reduced(facts: RunFacts, definition: MetricDefinition) -> float | None:
    """The one number of a run under a definition; None when the run did not record it."""
    if definition.reducer is Reducer.AT_STEP:
        return facts.at_steps.get((definition.name, definition.step or 0))
    summary = facts.metrics.get(definition.name)
    return None if summary is None else _REDUCE[definition.reducer](summary)


_REDUCE: Mapping[Reducer, Callable[[MetricSummary], float]] = {
    Reducer.LAST: lambda summary: summary.last,
    Reducer.MIN: lambda summary: summary.min,
    Reducer.MAX: lambda summary: summary.max,
    Reducer.MEAN: lambda summary: summary.mean,
}


def _values(runs: Sequence[RunFacts], definition: MetricDefinition) -> list[float]:
    values = (reduced(facts, definition) for facts in runs)
    return [value for value in values if value is not None]


def value_delta(
    definition: MetricDefinition,
    before: Sequence[float],
    after: Sequence[float],
    alpha: str,
    *,
    with_p: bool = True,
) -> MetricDelta:
    """The delta from the values of one side's runs to those of the other's; one has some.

    ``with_p`` costs most of the time; where many deltas are shown, the interval says enough. The
    latest few thousand deltas are remembered, so that of a store that grows the new ones alone
    are worked out.
    """
    return _value_delta(definition, tuple(before), tuple(after), alpha, with_p)


@lru_cache(maxsize=4096)
def _value_delta(
    definition: MetricDefinition,
    before: tuple[float, ...],
    after: tuple[float, ...],
    alpha: str,
    with_p: bool,
) -> MetricDelta:
    baseline, baseline_exact = _moments(before)
    candidate, candidate_exact = _moments(after)
    known = len(before) == baseline_exact.n > 0 and len(after) == candidate_exact.n > 0
    raw = oriented = interval = None
    if known:
        raw = difference(baseline_exact, candidate_exact)
        first = _scores(before, baseline_exact, definition)
        second = _scores(after, candidate_exact, definition)
        if definition.direction is not Direction.NONE:
            oriented = raw if second is candidate_exact else difference(first, second)
        interval = welch(first, second, alpha)
    return MetricDelta(
        key=MetricKey(definition.name, "", definition.reducer, definition.step),
        definition=definition,
        state=_state(before, after),
        baseline=baseline,
        candidate=candidate,
        raw=raw,
        oriented=oriented,
        relative=_relative(oriented, baseline),
        interval=interval,
        p=p_below(interval, oriented, 0.0)
        if with_p and interval and oriented is not None
        else None,
        uncertainty=Uncertainty.SEED_ONLY if interval else Uncertainty.UNREPLICATED,
    )


def _moments(values: Sequence[float]) -> tuple[Moments | None, ExactMoments]:
    finite = values
    if not all(map(math.isfinite, values)):
        finite = [value for value in values if math.isfinite(value)]
    exact = exact_moments(finite)
    if not values:
        return None, exact
    mean = exact.nearest_mean() if finite else math.nan
    return Moments(exact.n, mean, exact.nearest_sd(), len(values) - len(finite)), exact


def _scores(
    values: Sequence[float], exact: ExactMoments, definition: MetricDefinition
) -> ExactMoments:
    """Moments of numbers of which more is better; of the values when the direction is NONE."""
    if definition.direction is Direction.LOWER:
        return exact.negated()
    if definition.direction is Direction.TARGET:
        target = Fraction(parse_decimal(definition.target or "0"))
        return exact_moments_of(-abs(Fraction(value) - target) for value in values)
    return exact


def _state(before: Sequence[float], after: Sequence[float]) -> State:
    if not before:
        return State.ONLY_CANDIDATE
    return State.BOTH if after else State.ONLY_BASELINE


def _relative(oriented: float | None, baseline: Moments | None) -> float | None:
    if oriented is None or baseline is None or not math.isfinite(oriented):
        return None
    if abs(baseline.mean) < sys.float_info.min:
        return None
    # One division, one rounding (IEEE 754); no sign on what is nothing.
    return oriented / abs(baseline.mean) if oriented else 0.0
