"""The judgement: a policy, the candidate runs and a comparison in, rule results and outcome out.

Pure. Status says what was found, severity what it does. What is missing, broken, too few or not
finite is never a pass; nothing here can turn it into one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.comparability import Level
from analytics.comparison import Comparison
from analytics.criterion import Criterion
from analytics.decision import Decision, analysis_named
from analytics.delta import MetricDelta
from analytics.facts import RunFacts
from domain.metric import MetricDefinition
from domain.verdict import Outcome, RuleStatus, Severity
from governance.limit import LimitFinding, judge_limit
from governance.policy import OnInconclusive, Policy
from governance.rule import DeltaRule, LimitRule, Rule

_FLOOR: Mapping[Level, int] = {Level.VERIFIED: 2, Level.ASSUMED: 1, Level.UNKNOWN: 0}
"""How much each acceptable level proves; CONFLICT and BROKEN satisfy no floor."""
_UNJUDGED = frozenset({RuleStatus.INCONCLUSIVE, RuleStatus.NOT_COMPARABLE, RuleStatus.MISSING})


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule found, with the numbers that it rests on."""

    rule: Rule
    status: RuleStatus
    message: str
    """One sentence in words."""
    hint: str = ""
    """What to do about it; empty when there is nothing to do."""
    delta: MetricDelta | None = None
    decision: Decision | None = None
    limit: LimitFinding | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rule results in the policy's order, and what they amount to."""

    results: tuple[RuleResult, ...]
    outcome: Outcome
    reason: str
    """One sentence: the finding that decided."""

    @property
    def blocking(self) -> bool:
        """Whether the run must not ship on this verdict."""
        return self.outcome not in (Outcome.PASS, Outcome.WARN)


def judge(
    policy: Policy,
    candidate: Sequence[RunFacts],
    comparison: Comparison | None,
    *,
    analysis: str,
    no_comparison: str = "",
) -> Judgement:
    """Judge every rule of ``policy``.

    ``comparison`` is None when there is no baseline to compare with; ``no_comparison`` then says
    why. ``analysis`` names the decision mathematics.
    """
    deltas = _delta_results(policy, candidate, comparison, analysis, no_comparison)
    results = tuple(
        deltas[rule.id] if isinstance(rule, DeltaRule) else _limit_result(policy, rule, candidate)
        for rule in policy.rules
    )
    outcome, reason = _outcome(policy, candidate, results)
    return Judgement(results, outcome, reason)


def criterion_of(rule: DeltaRule) -> Criterion:
    """The rule as the decision mathematics reads it."""
    return Criterion(
        metric=rule.metric,
        margin_absolute=rule.margin_absolute,
        margin_relative=rule.margin_relative,
        alpha=rule.alpha,
        min_samples=rule.min_samples,
    )


def criteria_of(policy: Policy) -> dict[str, Criterion]:
    """Metric name to the criterion of the first delta rule on it."""
    criteria: dict[str, Criterion] = {}
    for rule in policy.rules:
        if isinstance(rule, DeltaRule):
            criteria.setdefault(rule.metric, criterion_of(rule))
    return criteria


def definition_of(policy: Policy, metric: str) -> MetricDefinition:
    """The declared definition, or one without a direction."""
    return policy.metrics.get(metric) or MetricDefinition(metric)


def _limit_result(policy: Policy, rule: LimitRule, candidate: Sequence[RunFacts]) -> RuleResult:
    found = judge_limit(rule, definition_of(policy, rule.metric), candidate)
    return RuleResult(rule, found.status, found.message, limit=found)


def _delta_results(
    policy: Policy,
    candidate: Sequence[RunFacts],
    comparison: Comparison | None,
    analysis: str,
    no_comparison: str,
) -> dict[str, RuleResult]:
    rules = [rule for rule in policy.rules if isinstance(rule, DeltaRule)]
    if comparison is None:
        message = no_comparison or "There is no baseline to compare with."
        hint = "Name a baseline in the request or in the policy."
        return {rule.id: RuleResult(rule, RuleStatus.INCONCLUSIVE, message, hint) for rule in rules}
    found: dict[str, RuleResult] = {}
    by_name = {delta.key.name: delta for delta in comparison.deltas}
    claims: list[tuple[DeltaRule, MetricDelta]] = []
    for rule in rules:
        delta = by_name.get(rule.metric)
        if delta is None:
            message = f"No run recorded {rule.metric!r}."
            hint = f"Log the metric {rule.metric!r}, or correct its name in the policy."
            found[rule.id] = RuleResult(rule, RuleStatus.MISSING, message, hint)
        else:
            claims.append((rule, delta))
    decisions = analysis_named(analysis).judge(
        [(delta, criterion_of(rule)) for rule, delta in claims]
    )
    for (rule, delta), decision in zip(claims, decisions, strict=True):
        found[rule.id] = _delta_result(policy, candidate, comparison, rule, delta, decision)
    return found


def _delta_result(
    policy: Policy,
    candidate: Sequence[RunFacts],
    comparison: Comparison,
    rule: DeltaRule,
    delta: MetricDelta,
    decision: Decision,
) -> RuleResult:
    status, message, hint = decision.status, decision.message, ""
    level = comparison.comparability.level
    recorded = delta.candidate.n + delta.candidate.non_finite if delta.candidate else 0
    if status is RuleStatus.ERROR:
        hint = f"Add `{rule.metric}: {{direction: higher}}` or `lower` under `metrics`."
    elif _FLOOR.get(level, -1) < _FLOOR[policy.min_comparability]:
        status, message = RuleStatus.NOT_COMPARABLE, _too_low(comparison, policy.min_comparability)
        hint = first_hint(comparison)
    elif recorded < len(candidate) and status is not RuleStatus.FAIL:
        status = RuleStatus.MISSING
        message = f"{recorded} of {len(candidate)} candidate runs recorded {rule.metric!r}."
        hint = f"Log {rule.metric!r} in every run."
    elif status is RuleStatus.PASS and level is Level.UNKNOWN:
        status = RuleStatus.WARN
        message = f"{message} Comparability is UNKNOWN: {_reason(comparison)}"
        hint = first_hint(comparison)
    return RuleResult(rule, status, message, hint, delta=delta, decision=decision)


def _too_low(comparison: Comparison, floor: Level) -> str:
    level = comparison.comparability.level
    if level in (Level.BROKEN, Level.CONFLICT):
        return f"Not comparable ({level}): {_reason(comparison)}"
    return f"Comparability is {level}, the policy asks for {floor}: {_reason(comparison)}"


def _reason(comparison: Comparison) -> str:
    comparability = comparison.comparability
    reasons = [check.reason for check in comparability.checks if check.level is comparability.level]
    return reasons[0] if reasons else "nothing was recorded."


def first_hint(comparison: Comparison) -> str:
    """The one line that would record the first missing facet; empty when none is missing."""
    return next((check.hint for check in comparison.comparability.checks if check.hint), "")


def _outcome(
    policy: Policy, candidate: Sequence[RunFacts], results: Sequence[RuleResult]
) -> tuple[Outcome, str]:
    if not results:
        return Outcome.ERROR, "The policy has no rules, so it can judge nothing."
    if not candidate:
        return Outcome.INCONCLUSIVE, "There is no candidate run to judge."
    blocking = [result for result in results if result.rule.severity is Severity.BLOCK]
    for status, outcome in ((RuleStatus.FAIL, Outcome.FAIL), (RuleStatus.ERROR, Outcome.ERROR)):
        for result in blocking:
            if result.status is status:
                return outcome, _because(result)
    for result in blocking:
        if result.status in _UNJUDGED and policy.on_inconclusive is OnInconclusive.BLOCK:
            return Outcome.INCONCLUSIVE, _because(result)
    for result in results:
        if result.status is not RuleStatus.PASS and result.rule.severity is not Severity.INFO:
            return Outcome.WARN, _because(result)
    return Outcome.PASS, _all_passed(results)


def _all_passed(results: Sequence[RuleResult]) -> str:
    silent = sum(result.status is not RuleStatus.PASS for result in results)
    if silent:
        return f"Every rule but {silent} of severity info passed."
    return "Every rule passed." if len(results) > 1 else "The rule passed."


def _because(result: RuleResult) -> str:
    return f"{result.rule.id}: {result.message}"
