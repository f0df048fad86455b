"""Paired differences: example by example, or run by run of one replicate value.

Right and wrong on one run a side: McNemar's exact test (Psychometrika 12, 1947) for p, and Wald's
interval with half an example added to each count of disagreement (A. Agresti and Y. Min, Statistics
in Medicine 24, 2005) so that agreement everywhere is not taken for certainty. Scores: the paired
bootstrap's percentiles. Pairs of runs: Student's t of their differences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Final

from analytics.exact import exact_moments_of, nearest, root_ratio
from analytics.facts import RunFacts
from analytics.welch import Interval, p_below, resampled_interval, t_interval
from domain.metric import Direction, MetricDefinition, parse_decimal

EXAMPLES: Final = "examples"
"""``pair_by`` for pairs of examples; anything else is the name of a parameter."""
MCNEMAR: Final = "mcnemar"
PAIRED_T: Final = "paired-t"
LEAST_EXAMPLES: Final = 30
_MOST_DF: Final = 1_000
_AGREES: Final = Fraction(1, 10**6)
"""How far the mean over the examples may be from the metric, relative to it."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The interval of the oriented delta over pairs."""

    interval: Interval
    p: float
    """One-sided: how surprising so bad a difference is if nothing changed."""
    pairs: int


def by_examples(
    before: Sequence[RunFacts],
    after: Sequence[RunFacts],
    definition: MetricDefinition,
    difference: float,
    alpha: str,
) -> Paired | str:
    """Pairs of examples, each side's value the mean over its runs; or why there are none.

    ``difference`` is the oriented delta of the metric itself, which the examples must come to.
    """
    sides = [_results(side, definition.name) for side in (before, after)]
    for side in sides:
        if isinstance(side, str):
            return side
    first, second = (side for side in sides if not isinstance(side, str))
    if first.keys() != second.keys():
        return "The two sides have results of different examples."
    if len(first) < LEAST_EXAMPLES:
        return f"{len(first)} examples are fewer than the {LEAST_EXAMPLES} that are needed."
    ids = sorted(first)
    differences = [score(second[i], definition) - score(first[i], definition) for i in ids]
    mean = sum(differences, Fraction(0)) / len(ids)
    size = max(abs(Fraction(difference)), *(abs(value) for value in (*first.values(), Fraction(1))))
    if abs(mean - Fraction(difference)) > _AGREES * size:
        return "The results by example do not come to the metric that was logged."
    single = len(before) == len(after) == 1
    values = {*first.values(), *second.values()}
    if single and values <= {0, 1} and definition.direction is not Direction.TARGET:
        return _mcnemar(differences, difference, alpha)
    from analytics.bootstrap import resampled_means  # It needs Polars, which verdicts may not.

    interval = resampled_interval(resampled_means(differences), alpha)
    return Paired(interval, p_below(interval, difference, 0.0), len(ids))


def by_param(
    before: Mapping[str, Fraction], after: Mapping[str, Fraction], alpha: str
) -> Paired | None:
    """Pairs of scores of runs with one value of a parameter; None below two pairs."""
    moments = exact_moments_of(after[k] - before[k] for k in sorted(before))
    if moments.n < 2:
        return None
    mean = moments.nearest_mean()
    error = root_ratio(moments.spread, moments.n**2 * (moments.n - 1) * moments.scale**2)
    interval = t_interval(mean, error, moments.n - 1, alpha, PAIRED_T)
    return Paired(interval, p_below(interval, mean, 0.0), moments.n)


def _mcnemar(differences: Sequence[Fraction], difference: float, alpha: str) -> Paired:
    n = len(differences)
    worse = sum(value < 0 for value in differences)
    better = sum(value > 0 for value in differences)
    changed = worse + better
    tail = sum(comb(changed, k) for k in range(worse, changed + 1))
    larger = n + 2
    apart = Fraction(better - worse, larger)
    variance = (Fraction(changed + 1, larger) - apart**2) / larger
    error = root_ratio(variance.numerator, variance.denominator)
    interval = t_interval(difference, error, min(n - 1, _MOST_DF), alpha, MCNEMAR)
    return Paired(interval, nearest(Fraction(tail, 1 << changed)), n)


def _results(side: Sequence[RunFacts], metric: str) -> dict[str, Fraction] | str:
    """Example to its mean over the runs; a sentence when there is none."""
    found: list[Mapping[str, Fraction]] = []
    for facts in side:
        results = None if facts.examples is None else facts.examples()
        if results is None:
            return f"The run {facts.run_id[:40]!r} logged no results by example."
        if results.problem:
            return results.problem
        if metric not in results.metrics:
            return (
                f"The results by example of {facts.run_id[:40]!r} have no column {metric[:60]!r}."
            )
        found.append(results.metrics[metric])
    if any(each.keys() != found[0].keys() for each in found):
        return "The runs of a side have results of different examples."
    return {
        example: sum((each[example] for each in found), Fraction(0)) / len(found)
        for example in found[0]
    }


def score(value: Fraction, definition: MetricDefinition) -> Fraction:
    """The value as a number of which more is better."""
    if definition.direction is Direction.LOWER:
        return -value
    if definition.direction is Direction.TARGET:
        return -abs(value - Fraction(parse_decimal(definition.target or "0")))
    return value
