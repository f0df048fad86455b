"""Writes a verdict's statement from the evidence and the judgement. Pure; no number is rounded."""

import base64

from analytics.causes import Cause, Effect
from analytics.comparability import Check
from analytics.comparison import Comparison
from analytics.delta import MetricDelta
from analytics.version_changes import Change
from governance.evidence import Evidence
from governance.gate import Judgement
from governance.rule_claim import metric_claim, rule_claim, side_claim, text_of
from governance.run_set import SelectedRuns
from governance.statement import (
    MAX_CHANGES,
    STATEMENT_VERSION,
    CauseClaim,
    ChangeClaim,
    CheckClaim,
    ComparabilityClaim,
    EffectClaim,
    HeldClaim,
    MetricRow,
    PolicyClaim,
    RunSetClaim,
    Statement,
)
from governance.subject_holds import HeldRun


def verdict_statement(evidence: Evidence, judgement: Judgement, root: bytes) -> Statement:
    """The statement; ``root`` is the Merkle root at the evidence's position."""
    comparison = evidence.comparison
    statement: Statement = {
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
        "rules": [
            rule_claim(evidence.declared.policy, result, evidence.waivers)
            for result in judgement.results
        ],
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
    if evidence.second is not None:
        second = evidence.second
        compared = second.comparison.baseline.fingerprint if second.comparison else None
        statement["second_baseline"] = (
            _run_set(second.selected, compared) if second.selected else None
        )
    if evidence.held:
        statement["quarantine"] = [_held(run) for run in evidence.held]
    if evidence.at is not None:
        statement["judged_at"] = evidence.at
    return statement


def _held(run: HeldRun) -> HeldClaim:
    return {
        "run_id": run.run_id,
        "roots": [
            {"root": hold.root, "state": hold.state.value, "waiver_id": hold.waiver}
            for hold in run.holds
        ],
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


def _metric_row(delta: MetricDelta) -> MetricRow:
    return {
        "metric": metric_claim(delta.definition),
        "state": delta.state.value,
        "baseline": side_claim(delta.baseline),
        "candidate": side_claim(delta.candidate),
        "raw": text_of(delta.raw),
    }


def _cause(cause: Cause) -> CauseClaim:
    claim: CauseClaim = {
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
    if cause.changes:
        claim["changes"] = [_change(change) for change in cause.changes[:MAX_CHANGES]]
    return claim


def _change(change: Change) -> ChangeClaim:
    return {
        "kind": change.kind.value,
        "name": change.name,
        "before": change.before,
        "after": change.after,
    }


def _effect(effect: Effect) -> EffectClaim:
    return {
        "metric": effect.metric.name,
        "attribution": effect.attribution.value,
        "confounders": effect.confounders,
        "oriented": text_of(effect.oriented),
    }
