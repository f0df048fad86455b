"""What lies upstream of the places where two sets of runs differ, read in one closure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import structlog

from analytics.facts import Input, RunFacts, input_of, run_facts
from graph.model import LINEAGE, Edge, EdgeType, Node, NodeKind, entity_id
from graph.port import Direction, GraphReader

log = structlog.get_logger()

MAX_NODES = 10_000
"""Nodes that a search for causes reads; beyond them an artifact itself is the cause."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Runs and artifacts upstream of some nodes, by graph node id."""

    nodes: Mapping[str, Node] = field(default_factory=dict[str, Node])
    runs: Mapping[str, RunFacts] = field(default_factory=dict[str, RunFacts])
    jobs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The job of a run, or its name where no job is recorded."""
    generators: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The runs that generated an artifact, ordered."""
    sources: Mapping[str, tuple[Input, ...]] = field(default_factory=dict[str, tuple[Input, ...]])
    """What an artifact was derived from, whether a run of that is known or not."""


def ancestry(graph: GraphReader, roots: Collection[str], *, as_of: int | None) -> Ancestry:
    """Everything upstream of ``roots``; nothing is read when there are none."""
    if not roots:
        return Ancestry()
    found = graph.closure(
        sorted(roots),
        direction=Direction.UPSTREAM,
        types=(*LINEAGE, EdgeType.EXECUTION_OF),
        limit=MAX_NODES,
        as_of=as_of,
    )
    if found.truncated:
        log.warning("ancestry.truncated", nodes=len(found.nodes), roots=len(roots))
    nodes = {node.id: node for node in found.nodes}
    outgoing: dict[str, list[Edge]] = {}
    for edge in found.edges:
        outgoing.setdefault(edge.source, []).append(edge)
    runs = {
        node.id: run_facts(
            node, outgoing.get(node.id, ()), nodes, ordinals={}, metrics={}, at_steps={}
        )
        for node in found.nodes
        if node.kind is NodeKind.RUN
    }
    return Ancestry(
        nodes=nodes,
        runs=runs,
        jobs={node: _job(facts, outgoing.get(node, ())) for node, facts in runs.items()},
        generators={
            node.id: _targets(outgoing.get(node.id, ()), EdgeType.WAS_GENERATED_BY)
            for node in found.nodes
            if node.kind is NodeKind.ARTIFACT
        },
        sources={
            node.id: tuple(
                input_of(nodes[source], "source", "")
                for source in _targets(outgoing.get(node.id, ()), EdgeType.WAS_DERIVED_FROM)
                if source in nodes
            )
            for node in found.nodes
            if node.kind is NodeKind.ARTIFACT
        },
    )


def _job(facts: RunFacts, edges: Collection[Edge]) -> str:
    jobs = _targets(edges, EdgeType.EXECUTION_OF)
    return entity_id(jobs[0]) if jobs else facts.name


def _targets(edges: Collection[Edge], kind: EdgeType) -> tuple[str, ...]:
    return tuple(sorted({edge.target for edge in edges if edge.type is kind}))
