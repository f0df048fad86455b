"""Limit rules: every candidate run's own value within fixed bounds; no baseline, no statistics."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.delta import reduced
from analytics.facts import RunFacts
from domain.metric import MetricDefinition, decimal_text, parse_decimal
from domain.verdict import RuleStatus
from governance.rule import LimitRule


@dataclass(frozen=True, slots=True)
class LimitFinding:
    """What a limit rule found over all candidate runs."""

    status: RuleStatus
    message: str
    have: int
    """Runs that recorded the metric."""
    need: int
    """Runs that had to: all of them."""
    worst_run: str | None
    """The run farthest beyond a bound, or nearest to one when all are within."""
    worst: float | None
    violations: int


def judge_limit(
    rule: LimitRule, definition: MetricDefinition, candidate: Sequence[RunFacts]
) -> LimitFinding:
    """Hold every run's value against the bounds, which belong to the allowed range.

    Values and bounds are compared as IEEE 754 doubles. A value that is not finite is outside every
    limit. A single run is labelled UNREPLICATED, since nothing says how much it varies.
    """
    values = [(facts.run_id, reduced(facts, definition)) for facts in candidate]
    known = [(run_id, value) for run_id, value in values if value is not None]
    outside = [pair for pair in known if _excess(rule, pair[1]) > 0]
    worst_run, worst = max(known, key=lambda pair: _excess(rule, pair[1]), default=(None, None))
    status, message = RuleStatus.PASS, f"All {len(known)} runs are within the limit."
    if outside:
        status = RuleStatus.FAIL
        message = (
            f"{len(outside)} of {len(known)} runs {'is' if len(outside) == 1 else 'are'} outside "
            f"the limit; the worst value is {decimal_text(worst or 0.0)}."
        )
    elif len(known) < len(values) or not values:
        status = RuleStatus.MISSING
        message = f"{len(known)} of {len(values)} candidate runs recorded {rule.metric!r}."
    elif len(values) == 1:
        message = "The run is within the limit (UNREPLICATED)."
    return LimitFinding(status, message, len(known), len(values), worst_run, worst, len(outside))


def _excess(rule: LimitRule, value: float) -> float:
    """How far ``value`` lies beyond the nearer bound; infinite when it is not finite."""
    if not math.isfinite(value):
        return math.inf
    beyond = [-math.inf]
    if rule.maximum is not None:
        beyond.append(value - parse_decimal(rule.maximum))
    if rule.minimum is not None:
        beyond.append(parse_decimal(rule.minimum) - value)
    return max(beyond)
