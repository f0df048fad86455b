"""PASS, FAIL or INCONCLUSIVE: the decision mathematics, named and versioned.

``welch-holm``: with the margin m = max(absolute, relative × |baseline mean|) and one-sided
(1 - alpha) Welch bounds [L, U] of the oriented delta, L > -m is PASS, U < -m is FAIL, anything else
INCONCLUSIVE. PASS needs every rule of a policy, so it is not corrected; FAIL claims are, by Holm
(Scandinavian Journal of Statistics 6, 1979) over the rules that are judged together.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

from analytics.criterion import Criterion
from analytics.dataset_splits import with_dataset_splits
from analytics.delta import MetricDelta, State, metric_deltas
from analytics.exact import nearest
from analytics.facts import RunFacts
from analytics.frontier import Reach
from analytics.paired import EXAMPLES
from analytics.paired_deltas import paired_deltas
from analytics.student import critical_value, parse_level
from analytics.welch import Interval, at_level, degrees, p_below
from domain.errors import NotFoundError
from domain.metric import Direction, MetricDefinition, parse_decimal
from domain.verdict import RuleStatus

ANALYSIS = "welch-holm/4"
"""What new comparisons and verdicts use."""

MAX_RUNS = 10_000
"""The largest number of runs a side that is worth estimating."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one criterion found."""

    status: RuleStatus
    """PASS, FAIL or INCONCLUSIVE; MISSING when a side lacks the metric; ERROR without direction."""
    margin: float
    have: int
    """Runs with a value on the smaller side."""
    need: int | None
    """When INCONCLUSIVE: runs a side that would settle it; None when no number would."""
    message: str
    p: float | None = None
    """One-sided, of the claim "worse by more than the margin"; None without an interval."""
    p_adjusted: float | None = None
    """``p`` after Holm over the decisions of one ``judge``."""


def decide(delta: MetricDelta, criterion: Criterion) -> Decision:
    """Judge one delta by itself. A value that is not finite never passes.

    ``need`` estimates the least n a side with t(1-alpha, df·(n-1)/(h-1)) · √(S²/n) < |Δ + m|, where
    h is the harmonic mean of the two numbers of runs and S² = h · SE² the sum of both variances;
    degrees of freedom are taken at one significant digit, rounded down.
    """
    margin = margin_of(delta, criterion)
    have = min(side.n if side else 0 for side in (delta.baseline, delta.candidate))
    refusal = _refusal(delta, criterion, have)
    if refusal is not None:
        status, need, message = refusal
        return Decision(status, margin, have, need, message)
    interval, oriented = delta.interval, delta.oriented
    if interval is None or oriented is None:
        return Decision(
            RuleStatus.INCONCLUSIVE, margin, have, None, "The delta is beyond a double's range."
        )
    interval = at_level(interval, oriented, criterion.alpha)
    p = p_below(interval, oriented, -margin)
    if interval.low > -margin:
        return Decision(RuleStatus.PASS, margin, have, None, "Not worse than the margin.", p, p)
    if interval.high < -margin:
        return Decision(RuleStatus.FAIL, margin, have, None, "Worse than the margin.", p, p)
    if criterion.pair_by == EXAMPLES:
        message = f"Too close to the margin for {delta.pairs} examples."
        return Decision(RuleStatus.INCONCLUSIVE, margin, have, None, message, p, p)
    need = runs_needed(delta, interval, oriented, margin)
    return Decision(RuleStatus.INCONCLUSIVE, margin, have, need, _too_close(need), p, p)


def judge(claims: Sequence[tuple[MetricDelta, Criterion]]) -> tuple[Decision, ...]:
    """``decide`` for the rules of one policy, FAIL claims corrected by Holm over all of them.

    A FAIL whose adjusted p is above its alpha becomes INCONCLUSIVE.
    """
    decisions = [decide(delta, criterion) for delta, criterion in claims]
    known = [index for index, decision in enumerate(decisions) if decision.p is not None]
    adjusted = holm([decision.p for decision in decisions if decision.p is not None])
    for index, p in zip(known, adjusted, strict=True):
        delta, criterion = claims[index]
        decisions[index] = _corrected(replace(decisions[index], p_adjusted=p), delta, criterion)
    return tuple(decisions)


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down adjusted p values, in the order given."""
    order = sorted(range(len(ps)), key=lambda index: (ps[index], index))
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def margin_of(delta: MetricDelta, criterion: Criterion) -> float:
    """max(absolute, relative × |baseline mean|); 0 when no margin is declared."""
    margin = Fraction(parse_decimal(criterion.margin_absolute or "0"))
    mean = delta.baseline.mean if delta.baseline else math.nan
    if criterion.margin_relative is not None and math.isfinite(mean):
        relative = Fraction(parse_decimal(criterion.margin_relative))
        margin = max(margin, relative * abs(Fraction(mean)))
    return nearest(margin)


def runs_needed(
    delta: MetricDelta, interval: Interval, oriented: float, margin: float
) -> int | None:
    """The estimate that ``decide`` describes; None above ``MAX_RUNS``."""
    distance = abs(Fraction(oriented) + Fraction(margin))
    if delta.baseline is None or delta.candidate is None or not distance:
        return None
    harmonic = Fraction(2) / (Fraction(1, delta.baseline.n) + Fraction(1, delta.candidate.n))
    ratio = harmonic * (Fraction(interval.standard_error) / distance) ** 2
    need = MAX_RUNS
    for _ in range(3):
        # An odd number of steps from above ends above: t falls as n grows.
        df = degrees(interval) * (need - 1) / (harmonic - 1)
        squared = Fraction(critical_value(interval.alpha, _round_down(df))) ** 2 * ratio
        need = squared.numerator // squared.denominator + 1
        if need > MAX_RUNS:
            return None
    smaller = min(delta.baseline.n, delta.candidate.n)
    return max(need, smaller + 1)


def _round_down(df: Fraction) -> Fraction:
    """To one significant digit, at least 1: near enough for an estimate, and soon cached."""
    whole = max(1, df.numerator // df.denominator)
    unit = 10 ** (len(str(whole)) - 1)
    return Fraction(whole // unit * unit)


def _refusal(
    delta: MetricDelta, criterion: Criterion, have: int
) -> tuple[RuleStatus, int | None, str] | None:
    """Why the delta cannot be judged by its interval, if it cannot."""
    if delta.definition.direction is Direction.NONE:
        return RuleStatus.ERROR, None, "The metric has no direction; declare which way is better."
    if delta.state is not State.BOTH:
        side = "candidate" if delta.state is State.ONLY_BASELINE else "baseline"
        return RuleStatus.MISSING, None, f"The {side} did not record this metric."
    if delta.candidate is not None and delta.candidate.non_finite:
        return RuleStatus.FAIL, None, "The candidate has a value that is not finite."
    if delta.baseline is not None and delta.baseline.non_finite:
        return RuleStatus.INCONCLUSIVE, None, "The baseline has a value that is not finite."
    if criterion.pair_by != delta.pair_by:
        message = "Another rule on this metric pairs otherwise; a metric is paired in one way."
        return RuleStatus.ERROR, None, message
    if delta.unpaired and criterion.pair_by is not None:
        return RuleStatus.INCONCLUSIVE, None, delta.unpaired
    least = max(1 if criterion.pair_by == EXAMPLES else 2, criterion.min_samples)
    if have < least:
        message = f"{have} of the {least} runs a side that this rule needs."
        if delta.baseline and delta.candidate and delta.baseline.n == delta.candidate.n == 1:
            message += " One run against one is UNREPLICATED: only a limit can judge it."
        return RuleStatus.INCONCLUSIVE, least, message
    return None


def _corrected(decision: Decision, delta: MetricDelta, criterion: Criterion) -> Decision:
    adjusted = decision.p_adjusted
    if decision.status is not RuleStatus.FAIL or adjusted is None or delta.oriented is None:
        return decision
    if Fraction(adjusted) <= parse_level(criterion.alpha):
        return decision
    return replace(
        decision,
        status=RuleStatus.INCONCLUSIVE,
        message="Worse than the margin, but not beyond chance among this policy's rules.",
    )


def _too_close(need: int | None) -> str:
    if need is None:
        return f"Too close to the margin: {MAX_RUNS} runs a side would not settle it."
    return f"Too close to the margin: about {need} runs a side would settle it."


Deltas: TypeAlias = Callable[
    [
        Sequence[RunFacts],
        Sequence[RunFacts],
        Mapping[str, MetricDefinition],
        Mapping[str, Criterion],
    ],
    tuple[MetricDelta, ...],
]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One version of the mathematics. A version that was ever recorded stays callable for ever."""

    id: str
    deltas: Deltas
    judge: Callable[[Sequence[tuple[MetricDelta, Criterion]]], tuple[Decision, ...]]
    reach: Reach
    """How far upstream causes are looked for."""
    splits: bool = True
    """Whether a metric's name tells its split, which takes over the metric's definition."""
    finite: bool = True
    """Whether an assertion that comes to a number which is not finite is an error."""
    datasets: bool = True
    """Whether the dataset that a metric was logged on tells a split."""

    def seen(self, runs: Sequence[RunFacts]) -> list[RunFacts]:
        """The runs with the metrics that this analysis knows of."""
        return with_dataset_splits(runs) if self.datasets else list(runs)


ANALYSES: Mapping[str, Analysis] = MappingProxyType(
    {
        each.id: each
        for each in (
            Analysis(
                "welch-holm/1",
                metric_deltas,
                judge,
                Reach.RUNS,
                splits=False,
                finite=False,
                datasets=False,
            ),
            Analysis(
                "welch-holm/2", paired_deltas, judge, Reach.WORKFLOW, finite=False, datasets=False
            ),
            Analysis("welch-holm/3", paired_deltas, judge, Reach.WORKFLOW, datasets=False),
            Analysis(ANALYSIS, paired_deltas, judge, Reach.WORKFLOW),
        )
    }
)


def analysis_named(analysis: str) -> Analysis:
    """The analysis with that id; ``NotFoundError`` when this version does not know it."""
    found = ANALYSES.get(analysis)
    if found is None:
        raise NotFoundError(
            f"The analysis {analysis[:60]!r} is not known here.",
            hint=f"Known: {', '.join(sorted(ANALYSES))}. A newer Lineproof may know it.",
            context={"analysis": analysis},
        )
    return found
