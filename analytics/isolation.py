"""What a confounded cause did where it stood alone: ISOLATED, SHARED and NO_EFFECT.

The delta index finds pairs of groups in the store that differ in one slot alone. When such a pair
has the cause's two values, it shows what the cause does by itself.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analytics.causes import Attribution, Cause, CauseKind, Effect, Evidence
from analytics.comparison import Comparison
from analytics.criterion import Criterion
from analytics.decision import analysis_named, margin_of
from analytics.delta import MetricDelta, metric_deltas
from analytics.delta_index.index import EVALUATION, DeltaIndex, Group
from analytics.delta_index.slots import PARAM, slot_value
from analytics.facts import RunFacts, SummaryReader, gather_facts
from analytics.splits import criteria_of_keys, definitions_of
from domain.metric import MetricDefinition
from graph.model import NodeKind, node_id
from graph.port import GraphReader

MAX_RUNS: Final = 50
"""Runs of a side of an isolated pair that are read."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where other runs than the compared ones are looked up, as of one position."""

    index: DeltaIndex
    graph: GraphReader
    metrics: SummaryReader
    as_of: int


def isolated(
    comparison: Comparison,
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    *,
    definitions: Mapping[str, MetricDefinition],
    criteria: Mapping[str, Criterion],
    store: Store,
) -> Comparison:
    """The comparison with its CONFOUNDED effects attributed as far as other pairs allow.

    ISOLATED where a pair of the store differs in the cause alone; SHARED where the pair differs in
    the input alone through which this cause and others reach the runs; NO_EFFECT where the whole
    interval of such a pair's delta is within the margin. The facts are those of the compared runs.
    """
    if len(comparison.causes) < 2:
        return comparison
    slots = [_slot(cause, candidate) for cause in comparison.causes]
    uses = Counter(slots)
    pairs = {slot: _pair(slot, baseline, candidate, store) for slot in uses if slot}
    deltas = {
        slot: _deltas(pair, definitions, criteria, store, comparison.analysis)
        for slot, pair in pairs.items()
        if pair
    }
    causes: list[Cause] = []
    for cause, slot in zip(comparison.causes, slots, strict=True):
        pair = pairs.get(slot)
        if pair is not None:
            alone = Attribution.ISOLATED if uses[slot] == 1 else Attribution.SHARED
            effects = (
                _effect(effect, alone, pair, deltas[slot].get(effect.metric.name), criteria)
                for effect in cause.effects
            )
            cause = replace(cause, effects=tuple(effects))
        causes.append(cause)
    return replace(comparison, causes=tuple(causes))


def _slot(cause: Cause, candidate: Sequence[RunFacts]) -> str:
    """The slot of the compared runs through which the cause reaches them; empty when in none."""
    if cause.distance == 0:
        param = cause.kind is CauseKind.PARAM
        return PARAM + cause.role if param else cause.facet.value
    if len(cause.path) < 2:
        return ""
    for facts in candidate:
        for use in facts.inputs:
            if use.facet and node_id(NodeKind.ARTIFACT, use.artifact_id) == cause.path[1]:
                return use.facet.value
    return ""


def _pair(
    slot: str, baseline: Sequence[RunFacts], candidate: Sequence[RunFacts], store: Store
) -> tuple[Group, Group] | None:
    """The best pair of the store from the baseline's value to the candidate's, if there is one."""
    before = {slot_value(facts, slot) for facts in baseline}
    after = {slot_value(facts, slot) for facts in candidate}
    if slot in EVALUATION or len(before) != 1 or len(after) != 1 or before == after:
        return None
    project = candidate[0].project
    found = store.index.pairs(project, slot, before.pop(), after.pop(), as_of=store.as_of)
    return found[0] if found else None


def _deltas(
    pair: tuple[Group, Group],
    definitions: Mapping[str, MetricDefinition],
    criteria: Mapping[str, Criterion],
    store: Store,
    analysis: str,
) -> dict[str, MetricDelta]:
    seen = analysis_named(analysis).seen
    before, after = (
        seen(gather_facts(store.graph, store.metrics, group.run_ids[:MAX_RUNS], as_of=store.as_of))
        for group in pair
    )
    names = {name for facts in (*before, *after) for name in facts.metrics}
    known = definitions_of(names, definitions), criteria_of_keys(names, criteria)
    return {delta.key.name: delta for delta in metric_deltas(before, after, *known)}


def _effect(
    effect: Effect,
    attribution: Attribution,
    pair: tuple[Group, Group],
    delta: MetricDelta | None,
    criteria: Mapping[str, Criterion],
) -> Effect:
    if delta is None or delta.raw is None:
        return effect
    moved = delta.raw if delta.oriented is None else delta.oriented
    evidence = Evidence(pair[0].run_ids[:MAX_RUNS], pair[1].run_ids[:MAX_RUNS], moved)
    criterion = criteria.get(effect.metric.name)
    if criterion is not None and delta.oriented is not None and delta.interval is not None:
        margin = margin_of(delta, criterion)
        if -margin < delta.interval.low and delta.interval.high < margin:
            attribution = Attribution.NO_EFFECT
    return replace(effect, attribution=attribution, evidence=evidence)
