"""Writes a verdict's statement from the evidence and the judgement. Pure; no number is rounded."""

import base64

from analytics.causes import Cause, Effect
from analytics.comparability import Check
from analytics.comparison import Comparison
from analytics.decision import Decision
from analytics.delta import MetricDelta, Moments, Uncertainty
from analytics.welch import Interval, at_level
from domain.metric import MetricDefinition, decimal_text
from governance.evidence import Evidence
from governance.gate import Judgement, RuleResult, definition_of
from governance.limit import LimitFinding
from governance.policy import Policy
from governance.rule import DeltaRule, LimitRule
from governance.run_set import SelectedRuns
from governance.statement import (
    STATEMENT_VERSION,
    CauseClaim,
    CheckClaim,
    ComparabilityClaim,
    DeltaClaim,
    EffectClaim,
    IntervalClaim,
    LimitClaim,
    MetricClaim,
    MetricRow,
    PolicyClaim,
    RuleClaim,
    RunSetClaim,
    SamplesClaim,
    SideClaim,
    Statement,
)


def verdict_statement(evidence: Evidence, judgement: Judgement, root: bytes) -> Statement:
    """The statement; ``root`` is the Merkle root at the evidence's position."""
    comparison = evidence.comparison
    return {
        "version": STATEMENT_VERSION,
        "request": evidence.request.document(),
        "project": evidence.project,
        "policy": _policy(evidence),
        "subject": _run_set(
            evidence.candidate, comparison.candidate.fingerprint if comparison else None
        ),
        "baseline": (
            _run_set(evidence.baseline, comparison.baseline.fingerprint if comparison else None)
            if evidence.baseline
            else None
        ),
        "as_of": {
            "tree_size": evidence.as_of,
            "root_hash": base64.b64encode(root).decode("ascii"),
        },
        "analysis": evidence.analysis,
        "comparability": _comparability(comparison) if comparison else None,
        "rules": [_rule(evidence.declared.policy, result) for result in judgement.results],
        "metrics": [_metric_row(delta) for delta in comparison.deltas] if comparison else [],
        "causes": [_cause(cause) for cause in comparison.causes] if comparison else [],
        "unexplained": (
            [{"metric": item.metric.name, "reason": item.reason} for item in comparison.unexplained]
            if comparison
            else []
        ),
        "outcome": judgement.outcome.value,
        "blocking": judgement.blocking,
        "reason": judgement.reason,
    }


def _policy(evidence: Evidence) -> PolicyClaim:
    declared = evidence.declared
    first = min((facts.seq for facts in evidence.candidate_facts), default=declared.leaf_index)
    return {
        "name": declared.policy.name,
        "digest": declared.digest,
        "leaf_index": declared.leaf_index,
        "preregistered": declared.leaf_index < first,
    }


def _run_set(selected: SelectedRuns, fingerprint: str | None) -> RunSetClaim:
    claim: RunSetClaim = {
        "selected_by": selected.selected_by,
        "run_ids": list(selected.run_ids),
        "excluded": [{"run_id": item.run_id, "reason": item.reason} for item in selected.excluded],
        "fingerprint": fingerprint,
    }
    if selected.verdict_id is not None:
        claim["verdict_id"] = selected.verdict_id
    return claim


def _comparability(comparison: Comparison) -> ComparabilityClaim:
    return {
        "level": comparison.comparability.level.value,
        "checks": [_check(check) for check in comparison.comparability.checks],
    }


def _check(check: Check) -> CheckClaim:
    return {
        "facet": check.facet.value,
        "level": check.level.value,
        "strength": check.strength.name,
        "baseline": list(check.baseline),
        "candidate": list(check.candidate),
        "reason": check.reason,
        "hint": check.hint,
    }


def _rule(policy: Policy, result: RuleResult) -> RuleClaim:
    rule = result.rule
    return {
        "id": rule.id,
        "kind": "delta" if isinstance(rule, DeltaRule) else "limit",
        "metric": _metric(definition_of(policy, rule.metric)),
        "severity": rule.severity.value,
        "status": result.status.value,
        "message": result.message,
        "hint": result.hint,
        "samples": _samples(result),
        "delta": (
            _delta(rule, result.delta, result.decision)
            if isinstance(rule, DeltaRule) and result.delta and result.decision
            else None
        ),
        "limit": (
            _limit(rule, result.limit) if isinstance(rule, LimitRule) and result.limit else None
        ),
    }


def _samples(result: RuleResult) -> SamplesClaim | None:
    found = result.decision or result.limit
    return {"have": found.have, "need": found.need} if found else None


def _metric(definition: MetricDefinition) -> MetricClaim:
    return {
        "name": definition.name,
        "direction": definition.direction.value,
        "unit": definition.unit,
        "reducer": definition.reducer.value,
        "step": definition.step,
        "target": definition.target,
    }


def _delta(rule: DeltaRule, delta: MetricDelta, decision: Decision) -> DeltaClaim:
    interval = delta.interval
    if interval is not None and delta.oriented is not None:
        interval = at_level(interval, delta.oriented, rule.alpha)
    return {
        "state": delta.state.value,
        "baseline": _side(delta.baseline),
        "candidate": _side(delta.candidate),
        "raw": _text(delta.raw),
        "oriented": _text(delta.oriented),
        "relative": _text(delta.relative),
        "interval": _interval(interval) if interval and delta.oriented is not None else None,
        "margin": _text(decision.margin),
        "p": _text(decision.p),
        "p_adjusted": _text(decision.p_adjusted),
        "uncertainty": delta.uncertainty.value,
    }


def _side(side: Moments | None) -> SideClaim | None:
    if side is None:
        return None
    return {
        "n": side.n,
        "mean": decimal_text(side.mean),
        "sd": _text(side.sd),
        "non_finite": side.non_finite,
    }


def _interval(interval: Interval) -> IntervalClaim:
    return {
        "low": decimal_text(interval.low),
        "high": decimal_text(interval.high),
        "alpha": interval.alpha,
        "method": interval.method,
        "df": decimal_text(interval.df),
    }


def _limit(rule: LimitRule, found: LimitFinding) -> LimitClaim:
    return {
        "min": rule.minimum,
        "max": rule.maximum,
        "worst": _text(found.worst),
        "worst_run": found.worst_run,
        "violations": found.violations,
        "uncertainty": Uncertainty.UNREPLICATED.value if found.need == 1 else None,
    }


def _metric_row(delta: MetricDelta) -> MetricRow:
    return {
        "metric": _metric(delta.definition),
        "state": delta.state.value,
        "baseline": _side(delta.baseline),
        "candidate": _side(delta.candidate),
        "raw": _text(delta.raw),
    }


def _cause(cause: Cause) -> CauseClaim:
    return {
        "kind": cause.kind.value,
        "facet": cause.facet.value,
        "label": cause.label,
        "role": cause.role,
        "before": list(cause.before),
        "after": list(cause.after),
        "before_ids": list(cause.before_ids),
        "after_ids": list(cause.after_ids),
        "distance": cause.distance,
        "path": list(cause.path),
        "effects": [_effect(effect) for effect in cause.effects],
    }


def _effect(effect: Effect) -> EffectClaim:
    return {
        "metric": effect.metric.name,
        "attribution": effect.attribution.value,
        "confounders": effect.confounders,
        "oriented": _text(effect.oriented),
    }


def _text(value: float | None) -> str | None:
    return None if value is None else decimal_text(value)
