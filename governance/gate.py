"""The judgement: a policy, the candidate runs and a comparison in, rule results and outcome out.

Pure. Status says what was found, severity what it does. What is missing, broken, too few or not
finite is never a pass; nothing here can turn it into one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from analytics.comparison import Comparison
from analytics.criterion import Criterion
from analytics.decision import analysis_named
from analytics.facts import RunFacts
from domain.metric import MetricDefinition
from domain.verdict import Outcome, RuleStatus, Severity
from governance.assertion import judge_assertion, out_of_scope
from governance.budget import judge_budget
from governance.composite import combined, worse
from governance.delta_finding import DeltaFinding, criterion_of, delta_findings
from governance.limit import judge_limit
from governance.made import NOTHING_MADE, Made
from governance.policy import OnInconclusive, Policy
from governance.provenance_rule import judge_provenance
from governance.rule import (
    AllOf,
    AnyOf,
    AssertionRule,
    BudgetRule,
    BuiltInRule,
    DeltaRule,
    LimitRule,
    Rule,
    delta_rules,
)
from governance.rule_result import RuleResult, SecondFinding

_UNJUDGED = frozenset({RuleStatus.INCONCLUSIVE, RuleStatus.NOT_COMPARABLE, RuleStatus.MISSING})


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


@dataclass(frozen=True, slots=True)
class Compared:
    """The candidate held against a baseline, or why it was not."""

    comparison: Comparison | None
    no_comparison: str = ""
    """Why ``comparison`` is None, in a sentence."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a judgement also rests on, beside the runs and the comparison."""

    second: Compared | None = None
    """The comparison with the policy's second baseline."""
    quarantined: Collection[str] = ()
    """Candidate runs with something held upstream, waived or not."""
    built_in: tuple[RuleResult, ...] = ()
    """What the gate itself found, whatever the policy asks."""
    waivers: Mapping[str, str] | None = None
    """Rule id to the waiver that lifts it."""
    made: Made = NOTHING_MADE
    """What the candidate runs made, for rules that ask for signatures and replays."""


NOTHING_ELSE = Surroundings()


def judge(
    policy: Policy,
    candidate: Sequence[RunFacts],
    comparison: Comparison | None,
    *,
    analysis: str,
    no_comparison: str = "",
    around: Surroundings = NOTHING_ELSE,
) -> Judgement:
    """Judge every rule of ``policy``.

    ``comparison`` is None when there is no baseline to compare with; ``no_comparison`` then says
    why. ``analysis`` names the decision mathematics.
    """
    mathematics = analysis_named(analysis)
    candidate = mathematics.seen(candidate)
    rules = delta_rules(policy.rules)
    sides = [Compared(comparison, no_comparison), *([around.second] if around.second else [])]
    first, *second = [
        delta_findings(
            rules,
            policy.min_comparability,
            candidate,
            side.comparison,
            analysis=analysis,
            no_comparison=side.no_comparison,
        )
        for side in sides
    ]
    judging = _Judging(
        policy, candidate, first, second[0] if second else None, around, mathematics.finite
    )
    results = [_waived(judging.result(rule), around.waivers or {}) for rule in policy.rules]
    results += around.built_in
    outcome, reason = _outcome(policy, candidate, results)
    return Judgement(tuple(results), outcome, reason)


def criteria_of(policy: Policy) -> dict[str, Criterion]:
    """Metric name, with its split if one is named, to the criterion of the first delta rule."""
    criteria: dict[str, Criterion] = {}
    for rule in delta_rules(policy.rules):
        name = rule.metric if rule.split is None else f"{rule.metric} ({rule.split})"
        criteria.setdefault(name, criterion_of(rule))
    return criteria


def definition_of(policy: Policy, metric: str) -> MetricDefinition:
    """The declared definition, or one without a direction."""
    return policy.metrics.get(metric) or MetricDefinition(metric)


class _Judging:
    """One policy judged on one candidate."""

    def __init__(
        self,
        policy: Policy,
        candidate: Sequence[RunFacts],
        first: Mapping[str, DeltaFinding],
        second: Mapping[str, DeltaFinding] | None,
        around: Surroundings,
        finite: bool,
    ) -> None:
        self._policy = policy
        self._candidate = candidate
        self._first = first
        self._second = second
        self._around = around
        self._finite = finite

    def result(self, rule: Rule) -> RuleResult:
        """What the rule found."""
        left_out = out_of_scope(rule, self._candidate, finite=self._finite)
        if left_out is not None:
            return left_out
        if isinstance(rule, DeltaRule):
            return self._delta(rule)
        if isinstance(rule, LimitRule):
            limit = judge_limit(rule, definition_of(self._policy, rule.metric), self._candidate)
            return RuleResult(rule, limit.status, limit.message, limit=limit)
        if isinstance(rule, BudgetRule):
            used = judge_budget(rule, definition_of(self._policy, rule.metric), self._candidate)
            return RuleResult(rule, used.status, used.message, limit=used)
        if isinstance(rule, AssertionRule):
            return judge_assertion(rule, self._candidate, finite=self._finite)
        if isinstance(rule, AllOf | AnyOf):
            return combined(rule, [self.result(part) for part in rule.parts])
        if isinstance(rule, BuiltInRule):
            return RuleResult(rule, RuleStatus.ERROR, "It is no rule of a policy.")
        around = self._around
        return judge_provenance(rule, self._candidate, around.quarantined, around.made)

    def _delta(self, rule: DeltaRule) -> RuleResult:
        one = self._first[rule.id]
        found = RuleResult(
            rule, one.status, one.message, one.hint, delta=one.delta, decision=one.decision
        )
        if self._second is None:
            return found
        two = self._second[rule.id]
        second = SecondFinding(two.status, two.message, two.delta, two.decision)
        status = worse(one.status, two.status)
        if status is one.status:
            return replace(found, second=second)
        message = f"Against the second baseline: {two.message}"
        return replace(found, second=second, status=status, message=message, hint=two.hint)


def _waived(result: RuleResult, waivers: Mapping[str, str]) -> RuleResult:
    """A finding that a waiver lifts. An ERROR is no finding, so nothing lifts it."""
    waiver = waivers.get(result.rule.id)
    if waiver is None or result.status in (RuleStatus.PASS, RuleStatus.WARN, RuleStatus.ERROR):
        return result
    message = f"{result.status}, waived: {result.message}"
    return replace(result, status=RuleStatus.WAIVED, message=message, waived=waiver)


def _outcome(
    policy: Policy, candidate: Sequence[RunFacts], results: Sequence[RuleResult]
) -> tuple[Outcome, str]:
    if not policy.rules:
        return Outcome.ERROR, "The policy has no rules, so it can judge nothing."
    if not candidate:
        return Outcome.INCONCLUSIVE, "There is no candidate run to judge."
    blocking = [result for result in results if result.rule.severity is Severity.BLOCK]
    for status, outcome in ((RuleStatus.FAIL, Outcome.FAIL), (RuleStatus.ERROR, Outcome.ERROR)):
        for result in blocking:
            if result.status is status:
                return outcome, _because(result)
    if not any(result.applies and not isinstance(result.rule, BuiltInRule) for result in results):
        return Outcome.INCONCLUSIVE, "No rule of the policy applies to the candidate."
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
