"""What a run has recorded of each facet, how strongly, and the one line that would do better."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from analytics.facet_words import FACET_WORDS, recording_hint
from analytics.facts import RunFacts, SummaryReader, gather_facts
from analytics.groups import facet_digests, facet_inputs, facet_tag
from analytics.statement import conflicting, statement
from domain.errors import NotFoundError
from domain.facet import DEFAULT_REPLICATE_KEYS, FACET_TAG_PREFIX, Facet, Strength
from graph.model import EdgeType, NodeKind, entity_id, node_id
from graph.port import GraphReader

_OPENLINEAGE = "openlineage.job.name"
"""A tag of every run that came as OpenLineage events."""
MAX_OTHERS = 200
"""Other runs of the same versions that are held against the run."""


class FacetState(StrEnum):
    """How a facet of a run stands."""

    STRONG = "STRONG"
    """Identified by its content, or by a digest that lists it."""
    WEAK = "WEAK"
    """Identified by a name or a sample: equality is an assumption."""
    MISSING = "MISSING"
    CONFLICT = "CONFLICT"
    """Another run states another content for what the weak identity calls the same."""


@dataclass(frozen=True, slots=True)
class FacetFinding:
    """One facet of one run."""

    facet: Facet
    words: str
    state: FacetState
    strength: Strength
    sources: tuple[str, ...]
    """What it was taken from, in words."""
    advice: str
    """The line that records it, or more strongly; empty when there is nothing to add."""


def examine(
    graph: GraphReader, metrics: SummaryReader, run_id: str, *, project: str, as_of: int
) -> list[FacetFinding]:
    """Every facet of a run. Raises ``NotFoundError`` for a run that the project lacks."""
    node = node_id(NodeKind.RUN, run_id)
    found = graph.nodes([node], as_of=as_of).get(node)
    if found is None or found.project != project:
        raise NotFoundError(
            f"There is no run {run_id[:60]!r}.", hint="Check the id and the project."
        )
    others = _others(graph, node, as_of)
    facts, *held = gather_facts(graph, metrics, [run_id, *others], as_of=as_of)
    digests = facet_digests(facts, DEFAULT_REPLICATE_KEYS)
    findings: list[FacetFinding] = []
    for facet in Facet:
        value = digests.get(facet)
        is_empty = facet is Facet.PARAMS and not facts.params
        strength = Strength.UNKNOWN if value is None or is_empty else value.strength
        state = _state(strength)
        if _contradicted(facts, held, facet):
            state = FacetState.CONFLICT
        findings.append(
            FacetFinding(
                facet=facet,
                words=FACET_WORDS[facet],
                state=state,
                strength=strength,
                sources=_sources(facts, facet),
                advice=_advice(facts, facet, state),
            )
        )
    return findings


def _state(strength: Strength) -> FacetState:
    if strength is Strength.UNKNOWN:
        return FacetState.MISSING
    return FacetState.STRONG if strength >= Strength.MANIFEST else FacetState.WEAK


def _others(graph: GraphReader, run: str, as_of: int) -> list[str]:
    """Other runs that use any of the same versions."""
    used = [edge.target for edge in graph.outgoing([run], types=(EdgeType.USED,), as_of=as_of)[run]]
    edges = graph.incoming(used, types=(EdgeType.USED,), as_of=as_of)
    runs = {edge.source for group in edges.values() for edge in group} - {run}
    return [entity_id(other) for other in sorted(runs)][:MAX_OTHERS]


def _contradicted(facts: RunFacts, others: Sequence[RunFacts], facet: Facet) -> bool:
    stated = [
        statement(facet_tag(one, facet), facet_inputs(one, facet), by_tag=False)
        for one in (facts, *others)
    ]
    mine = stated[0]
    return any(conflicting([mine, other]) for other in stated[1:] if other.weak == mine.weak)


def _sources(facts: RunFacts, facet: Facet) -> tuple[str, ...]:
    sources: list[str] = []
    if facet_tag(facts, facet):
        sources.append(f"tag {FACET_TAG_PREFIX}{facet.lower()}")
    sources += [
        f"{use.role} {use.name} ({use.algorithm}, {use.strength.name.lower()})"
        for use in facet_inputs(facts, facet)
    ]
    seeds = [key for key in DEFAULT_REPLICATE_KEYS if key in facts.params]
    if facet is Facet.SEED and seeds:
        sources.append(f"param {seeds[0]}")
    params = len(facts.params) - len(seeds)
    if facet is Facet.PARAMS and params:
        sources.append(f"{params} params")
    return tuple(sources)


def _advice(facts: RunFacts, facet: Facet, state: FacetState) -> str:
    if state is FacetState.STRONG:
        return ""
    if state is FacetState.CONFLICT:
        return "Hash the content again: one of the runs states it wrongly, or the name was reused."
    if _OPENLINEAGE in facts.tags and state is FacetState.MISSING:
        return _event_facet(facet)
    if facet is Facet.PARAMS:
        return 'mlflow.log_params({"lr": 0.1})'
    if facet is Facet.SEED:
        return 'mlflow.log_param("seed", seed)'
    if state is FacetState.WEAK:
        return _set_tag(facts.run_id, facet)
    if facet is Facet.TRAIN_DATA:
        return 'mlflow.log_input(dataset, context="training")'
    return recording_hint(facet)


def _event_facet(facet: Facet) -> str:
    """What an OpenLineage event would say."""
    if facet in (Facet.PARAMS, Facet.SEED):
        key = "lr" if facet is Facet.PARAMS else "seed"
        return f'run facet executionParameters: {{"key": "{key}", "value": "1"}}'
    if facet in (Facet.EVAL_DATA, Facet.TRAIN_DATA):
        context = "evaluation" if facet is Facet.EVAL_DATA else "training"
        return f'tags facet of the input: {{"key": "lineproof.context", "value": "{context}"}}'
    key = f"{FACET_TAG_PREFIX}{facet.lower()}"
    return f'tags facet of the run: {{"key": "{key}", "value": "sha256:…"}}'


def _set_tag(run_id: str, facet: Facet) -> str:
    """A hash that arrives later: the tag is set on this very run."""
    key = f"{FACET_TAG_PREFIX}{facet.lower()}"
    return f'mlflow.MlflowClient().set_tag("{run_id}", "{key}", "sha256:…")'
