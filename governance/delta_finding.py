"""Judges margin rules against one baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analytics.comparability import Comparability, Level
from analytics.comparison import Comparison
from analytics.criterion import Criterion
from analytics.decision import Decision, analysis_named
from analytics.delta import MetricDelta
from analytics.facts import RunFacts
from analytics.splits import Split, split_of
from domain.verdict import RuleStatus
from governance.rule import DeltaRule

_FLOOR: Final[Mapping[Level, int]] = {Level.VERIFIED: 2, Level.ASSUMED: 1, Level.UNKNOWN: 0}
"""How much each acceptable level proves; CONFLICT and BROKEN satisfy no floor."""


@dataclass(frozen=True, slots=True)
class DeltaFinding:
    """What one margin rule found against one baseline."""

    status: RuleStatus
    message: str
    hint: str = ""
    delta: MetricDelta | None = None
    decision: Decision | None = None


def criterion_of(rule: DeltaRule) -> Criterion:
    """The rule as the decision mathematics reads it."""
    return Criterion(
        metric=rule.metric,
        margin_absolute=rule.margin_absolute,
        margin_relative=rule.margin_relative,
        alpha=rule.alpha,
        min_samples=rule.min_samples,
        pair_by=rule.pair_by,
        split=rule.split or "",
    )


def delta_findings(
    rules: Sequence[DeltaRule],
    floor: Level,
    candidate: Sequence[RunFacts],
    comparison: Comparison | None,
    *,
    analysis: str,
    no_comparison: str,
) -> dict[str, DeltaFinding]:
    """Rule id to finding. ``floor`` holds for the rules that have none of their own."""
    if comparison is None:
        message = no_comparison or "There is no baseline to compare with."
        hint = "Name a baseline in the request or in the policy."
        return {rule.id: DeltaFinding(RuleStatus.INCONCLUSIVE, message, hint) for rule in rules}
    found: dict[str, DeltaFinding] = {}
    claims: list[tuple[DeltaRule, MetricDelta]] = []
    for rule in rules:
        deltas = _deltas_of(rule, comparison)
        if len(deltas) == 1:
            claims.append((rule, deltas[0]))
        else:
            found[rule.id] = _not_one(rule, deltas)
    decisions = analysis_named(analysis).judge(
        [(delta, criterion_of(rule)) for rule, delta in claims]
    )
    for (rule, delta), decision in zip(claims, decisions, strict=True):
        least = rule.min_comparability or floor
        found[rule.id] = _finding(rule, least, candidate, comparison, delta, decision)
    return found


def _deltas_of(rule: DeltaRule, comparison: Comparison) -> list[MetricDelta]:
    """The deltas that the rule speaks of: one, unless it was not recorded or under two names."""
    if rule.split is None:
        return [delta for delta in comparison.deltas if delta.key.name == rule.metric]
    wanted = Split(rule.split, rule.metric)
    return [delta for delta in comparison.deltas if split_of(delta.key.name) == wanted]


def _not_one(rule: DeltaRule, deltas: Sequence[MetricDelta]) -> DeltaFinding:
    if deltas:
        names = ", ".join(repr(delta.key.name) for delta in deltas)
        message = f"The split {rule.split!r} of {rule.metric!r} is recorded as each of {names}."
        return DeltaFinding(RuleStatus.ERROR, message, "Name one of them as the rule's metric.")
    if rule.split is not None:
        message = f"No run recorded the split {rule.split!r} of {rule.metric!r}."
        hint = f"Log it as {f'{rule.split}/{rule.metric}'!r}."
        return DeltaFinding(RuleStatus.MISSING, message, hint)
    message = f"No run recorded {rule.metric!r}."
    hint = f"Log the metric {rule.metric!r}, or correct its name in the policy."
    return DeltaFinding(RuleStatus.MISSING, message, hint)


def _finding(
    rule: DeltaRule,
    floor: Level,
    candidate: Sequence[RunFacts],
    comparison: Comparison,
    delta: MetricDelta,
    decision: Decision,
) -> DeltaFinding:
    status, message, hint = decision.status, decision.message, ""
    comparability = comparison.comparability.of_metric(delta.definition)
    level = comparability.level
    recorded = delta.candidate.n + delta.candidate.non_finite if delta.candidate else 0
    if status is RuleStatus.ERROR:
        hint = f"Add `{rule.metric}: {{direction: higher}}` or `lower` under `metrics`."
    elif _FLOOR.get(level, -1) < _FLOOR[floor]:
        status, message = RuleStatus.NOT_COMPARABLE, _too_low(comparability, floor)
        hint = _first_hint(comparability)
    elif recorded < len(candidate) and status is not RuleStatus.FAIL:
        status = RuleStatus.MISSING
        message = f"{recorded} of {len(candidate)} candidate runs recorded {rule.metric!r}."
        hint = f"Log {rule.metric!r} in every run."
    elif status is RuleStatus.PASS and level is Level.UNKNOWN:
        status = RuleStatus.WARN
        message = f"{message} Comparability is UNKNOWN: {_reason(comparability)}"
        hint = _first_hint(comparability)
    return DeltaFinding(status, message, hint, delta, decision)


def _too_low(comparability: Comparability, floor: Level) -> str:
    level = comparability.level
    if level in (Level.BROKEN, Level.CONFLICT):
        return f"Not comparable ({level}): {_reason(comparability)}"
    return f"Comparability is {level}, the policy asks for {floor}: {_reason(comparability)}"


def _reason(comparability: Comparability) -> str:
    reasons = [check.reason for check in comparability.checks if check.level is comparability.level]
    return reasons[0] if reasons else "nothing was recorded."


def _first_hint(comparability: Comparability) -> str:
    """The one line that would record the first missing facet; empty when none is missing."""
    return next((check.hint for check in comparability.checks if check.hint), "")
