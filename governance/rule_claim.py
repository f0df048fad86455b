"""Writes what one rule found into a verdict's statement. Pure; no number is rounded."""

from collections.abc import Mapping, Sequence
from typing import Final

from analytics.decision import Decision
from analytics.delta import MetricDelta, Moments, Uncertainty
from analytics.welch import Interval, at_level
from domain.metric import MetricDefinition, decimal_text
from governance.gate import definition_of
from governance.limit import LimitFinding
from governance.policy import Policy
from governance.rule import (
    AllOf,
    AnyOf,
    AssertionRule,
    BudgetRule,
    BuiltInRule,
    DeltaRule,
    LimitRule,
    MetricRule,
    ProvenanceRule,
)
from governance.rule_result import RuleResult, SecondFinding
from governance.statement import (
    DeltaClaim,
    IntervalClaim,
    LimitClaim,
    MetricClaim,
    RuleClaim,
    SamplesClaim,
    SecondClaim,
    SideClaim,
    WaivedClaim,
)
from governance.waiver_force import Waiver

_KINDS: Final[Mapping[type, str]] = {
    AllOf: "all_of",
    AnyOf: "any_of",
    AssertionRule: "assertion",
    BudgetRule: "budget",
    BuiltInRule: "built_in",
    DeltaRule: "delta",
    LimitRule: "limit",
    ProvenanceRule: "provenance",
}


def rule_claim(policy: Policy, result: RuleResult, waivers: Sequence[Waiver]) -> RuleClaim:
    """The claim; ``waivers`` are those that may stand in it."""
    rule = result.rule
    metric = rule.metric if isinstance(rule, MetricRule) else None
    claim: RuleClaim = {
        "id": rule.id,
        "kind": _KINDS[type(rule)],
        "metric": None if metric is None else metric_claim(definition_of(policy, metric)),
        "severity": rule.severity.value,
        "status": result.status.value,
        "message": result.message,
        "hint": result.hint,
        "samples": _samples(result),
        "delta": (
            _delta(rule, result.delta, result.decision) if isinstance(rule, DeltaRule) else None
        ),
        "limit": _limit(rule, result.limit) if isinstance(rule, LimitRule | BudgetRule) else None,
    }
    if isinstance(rule, DeltaRule) and rule.split is not None:
        claim["split"] = rule.split
    if not result.applies:
        claim["applies"] = False
    if result.second is not None and isinstance(rule, DeltaRule):
        claim["second"] = _second(rule, result.second)
    if result.parts:
        claim["parts"] = [rule_claim(policy, part, waivers) for part in result.parts]
    for waiver in waivers:
        if waiver.waiver_id == result.waived:
            claim["waiver"] = waived_claim(waiver)
    return claim


def waived_claim(waiver: Waiver) -> WaivedClaim:
    """Who lifts it, until when."""
    return {
        "waiver_id": waiver.waiver_id,
        "leaf_index": waiver.seq,
        "by": list(waiver.signed_by),
        "until": waiver.document["expires"],
        "reason": waiver.document["reason"],
    }


def metric_claim(definition: MetricDefinition) -> MetricClaim:
    """How the metric is read."""
    return {
        "name": definition.name,
        "direction": definition.direction.value,
        "unit": definition.unit,
        "reducer": definition.reducer.value,
        "step": definition.step,
        "target": definition.target,
    }


def side_claim(side: Moments | None) -> SideClaim | None:
    """One side of a delta."""
    if side is None:
        return None
    return {
        "n": side.n,
        "mean": decimal_text(side.mean),
        "sd": text_of(side.sd),
        "non_finite": side.non_finite,
    }


def text_of(value: float | None) -> str | None:
    """The number as decimal text."""
    return None if value is None else decimal_text(value)


def _samples(result: RuleResult) -> SamplesClaim | None:
    found = result.decision or result.limit
    return {"have": found.have, "need": found.need} if found else None


def _second(rule: DeltaRule, found: SecondFinding) -> SecondClaim:
    return {
        "status": found.status.value,
        "message": found.message,
        "delta": _delta(rule, found.delta, found.decision),
    }


def _delta(
    rule: DeltaRule, delta: MetricDelta | None, decision: Decision | None
) -> DeltaClaim | None:
    if delta is None or decision is None:
        return None
    interval = delta.interval
    if interval is not None and delta.oriented is not None:
        interval = at_level(interval, delta.oriented, rule.alpha)
    claim: DeltaClaim = {
        "state": delta.state.value,
        "baseline": side_claim(delta.baseline),
        "candidate": side_claim(delta.candidate),
        "raw": text_of(delta.raw),
        "oriented": text_of(delta.oriented),
        "relative": text_of(delta.relative),
        "interval": _interval(interval) if interval and delta.oriented is not None else None,
        "margin": text_of(decision.margin),
        "p": text_of(decision.p),
        "p_adjusted": text_of(decision.p_adjusted),
        "uncertainty": delta.uncertainty.value,
    }
    if delta.pairs is not None:
        claim["pairs"] = delta.pairs
    return claim


def _interval(interval: Interval) -> IntervalClaim:
    return {
        "low": decimal_text(interval.low),
        "high": decimal_text(interval.high),
        "alpha": interval.alpha,
        "method": interval.method,
        "df": decimal_text(interval.df),
    }


def _limit(rule: LimitRule | BudgetRule, found: LimitFinding | None) -> LimitClaim | None:
    if found is None:
        return None
    return {
        "min": rule.minimum if isinstance(rule, LimitRule) else None,
        "max": rule.maximum if isinstance(rule, LimitRule) else rule.total,
        "worst": text_of(found.worst),
        "worst_run": found.worst_run,
        "violations": found.violations,
        "uncertainty": Uncertainty.UNREPLICATED.value if found.need == 1 else None,
    }
