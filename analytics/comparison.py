"""A provenance-aware comparison of two sets of runs: same inputs, same id, same bytes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import structlog

from analytics.causes import Cause, Effect, Evidence, Unexplained, find_causes, find_unexplained
from analytics.comparability import Check, Comparability, comparability
from analytics.criterion import Criterion as Criterion
from analytics.decision import ANALYSIS, analysis_named
from analytics.delta import MetricDelta
from analytics.facts import RunFacts
from analytics.groups import fingerprint, group_key
from analytics.judged_json import (
    criterion_json,
    definition_json,
    delta_json,
    key_json,
    number_json,
)
from analytics.splits import criteria_of_keys, definitions_of
from analytics.version_changes import Change
from domain.canonical import JsonObject, JsonValue
from domain.facet import DEFAULT_REPLICATE_KEYS
from domain.ids import derived_id
from domain.metric import MetricDefinition
from domain.run import RunStatus
from graph.port import GraphReader

log = structlog.get_logger()

NOTHING: Mapping[str, str] = MappingProxyType({})
_NOT_COMPARED = (RunStatus.FAILED, RunStatus.KILLED)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A run that was asked for but not compared, and why."""

    run_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Side:
    """One set of runs."""

    run_ids: tuple[str, ...]
    """Ordered by (first leaf, id)."""
    excluded: tuple[Excluded, ...]
    fingerprint: str | None
    """The run group's digest when all runs are of one group, else None."""
    selected_by: str
    """How the set was chosen: ``runs``, ``group``, ``filter``, ``pinned``, ``last_passing``, …"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that can be said of two sets of runs at one ledger position."""

    id: str
    """Derived from both run id lists, the definitions, the criteria, ``as_of`` and analysis."""
    as_of: int
    analysis: str
    """``name/version`` of the decision mathematics, kept callable for ever."""
    baseline: Side
    candidate: Side
    comparability: Comparability
    deltas: tuple[MetricDelta, ...]
    """By metric key."""
    causes: tuple[Cause, ...]
    """By (distance, facet, label)."""
    unexplained: tuple[Unexplained, ...]


def compare(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    *,
    definitions: Mapping[str, MetricDefinition],
    criteria: Mapping[str, Criterion],
    graph: GraphReader,
    as_of: int,
    replicate_keys: Collection[str] = DEFAULT_REPLICATE_KEYS,
    baseline_selected_by: str = "runs",
    candidate_selected_by: str = "runs",
    analysis: str = ANALYSIS,
    left_out: Mapping[str, str] = NOTHING,
) -> Comparison:
    """Compare two sets of runs; the order of the runs changes nothing.

    ``definitions`` and ``criteria`` are by metric name. Deleted, failed and killed runs are left
    out, those in ``left_out`` for the reason that it gives, and a baseline run that is also a
    candidate; ``Side.excluded`` says why. Raises ``NotFoundError`` for an analysis that is not
    known, ``UsageError`` for a level that is none.
    """
    mathematics = analysis_named(analysis)
    after, after_side = _side(candidate, left_out, replicate_keys, candidate_selected_by)
    taken = dict.fromkeys(after_side.run_ids, "The run is also a candidate.")
    before, before_side = _side(
        baseline, {**taken, **left_out}, replicate_keys, baseline_selected_by
    )
    before, after = mathematics.seen(before), mathematics.seen(after)
    read = definitions, criteria
    if mathematics.splits:
        names = {name for facts in (*before, *after) for name in facts.metrics}
        read = definitions_of(names, definitions), criteria_of_keys(names, criteria)
    deltas = mathematics.deltas(before, after, *read)
    causes = find_causes(
        before,
        after,
        deltas=deltas,
        criteria=read[1],
        replicate_keys=replicate_keys,
        graph=graph,
        as_of=as_of,
        reach=mathematics.reach,
    )
    result = Comparison(
        id=_comparison_id(
            baseline, candidate, definitions, criteria, replicate_keys, as_of, analysis
        ),
        as_of=as_of,
        analysis=analysis,
        baseline=before_side,
        candidate=after_side,
        comparability=comparability(before, after, *read),
        deltas=deltas,
        causes=causes,
        unexplained=() if causes else find_unexplained(before, after, deltas, replicate_keys),
    )
    _tell(result)
    return result


def _tell(result: Comparison) -> None:
    log.info(
        "comparison.computed",
        comparison_id=result.id,
        as_of=result.as_of,
        baseline=len(result.baseline.run_ids),
        candidate=len(result.candidate.run_ids),
        metrics=len(result.deltas),
        causes=len(result.causes),
        comparability=result.comparability.level.value,
    )


def _side(
    runs: Sequence[RunFacts],
    left_out: Mapping[str, str],
    replicate_keys: Collection[str],
    selected_by: str,
) -> tuple[list[RunFacts], Side]:
    kept: list[RunFacts] = []
    excluded: list[Excluded] = []
    unique = {facts.run_id: facts for facts in runs}
    for facts in sorted(unique.values(), key=lambda facts: (facts.seq, facts.run_id)):
        reason = _exclusion(facts, left_out)
        if reason:
            excluded.append(Excluded(facts.run_id, reason))
        else:
            kept.append(facts)
    groups = {group_key(facts, replicate_keys) for facts in kept}
    return kept, Side(
        run_ids=tuple(facts.run_id for facts in kept),
        excluded=tuple(excluded),
        fingerprint=fingerprint(kept[0], replicate_keys) if len(groups) == 1 else None,
        selected_by=selected_by,
    )


def _exclusion(facts: RunFacts, left_out: Mapping[str, str]) -> str:
    if facts.deleted:
        return "The run is deleted."
    if facts.status in _NOT_COMPARED:
        return f"The run is {facts.status}."
    return left_out.get(facts.run_id, "")


def _comparison_id(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    definitions: Mapping[str, MetricDefinition],
    criteria: Mapping[str, Criterion],
    replicate_keys: Collection[str],
    as_of: int,
    analysis: str,
) -> str:
    return derived_id(
        "comparison",
        analysis,
        as_of,
        sorted({facts.run_id for facts in baseline}),
        sorted({facts.run_id for facts in candidate}),
        [definition_json(definitions[name]) for name in sorted(definitions)],
        [criterion_json(criteria[name]) for name in sorted(criteria)],
        sorted(set(replicate_keys)),
    )


def comparison_json(comparison: Comparison) -> JsonObject:
    """Everything that the comparison says; numbers as decimal text."""
    return {
        "id": comparison.id,
        "as_of": comparison.as_of,
        "analysis": comparison.analysis,
        "baseline": _side_json(comparison.baseline),
        "candidate": _side_json(comparison.candidate),
        "comparability": {
            "level": comparison.comparability.level.value,
            "checks": [_check_json(check) for check in comparison.comparability.checks],
            "budget_checks": [
                _check_json(check) for check in comparison.comparability.budget_checks
            ],
        },
        "deltas": [delta_json(delta) for delta in comparison.deltas],
        "causes": [_cause_json(cause) for cause in comparison.causes],
        "unexplained": [
            {"metric": key_json(each.metric), "reason": each.reason}
            for each in comparison.unexplained
        ],
    }


def _side_json(side: Side) -> JsonObject:
    return {
        "run_ids": list(side.run_ids),
        "excluded": [{"run_id": each.run_id, "reason": each.reason} for each in side.excluded],
        "fingerprint": side.fingerprint,
        "selected_by": side.selected_by,
    }


def _check_json(check: Check) -> JsonObject:
    return {
        "facet": check.facet.value,
        "level": check.level.value,
        "strength": check.strength.name,
        "baseline": list(check.baseline),
        "candidate": list(check.candidate),
        "reason": check.reason,
        "hint": check.hint,
    }


def _cause_json(cause: Cause) -> JsonObject:
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
        "changes": changes_json(cause.changes),
        "effects": _effects_json(cause.effects),
    }


def changes_json(changes: Sequence[Change]) -> list[JsonObject]:
    """What changed between two versions."""
    return [
        {"kind": each.kind.value, "name": each.name, "before": each.before, "after": each.after}
        for each in changes
    ]


def _effects_json(effects: Sequence[Effect]) -> list[JsonObject]:
    return [
        {
            "metric": key_json(effect.metric),
            "attribution": effect.attribution.value,
            "confounders": effect.confounders,
            "oriented": number_json(effect.oriented),
            "evidence": _evidence_json(effect.evidence),
        }
        for effect in effects
    ]


def _evidence_json(evidence: Evidence | None) -> JsonValue:
    if evidence is None:
        return None
    return {
        "baseline": list(evidence.baseline),
        "candidate": list(evidence.candidate),
        "oriented": number_json(evidence.oriented),
    }
