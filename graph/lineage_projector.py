"""What entries of OpenLineage and of derivations say about the graph."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from domain.artifact import ArtifactRef
from domain.lineage_event import (
    LINEAGE_DERIVED,
    LINEAGE_EVENT_RECORDED,
    Derivation,
    LineageDerived,
    LineageEventRecorded,
)
from graph.model import AddEdge, EdgeType, Mutation, NodeKind, node_id
from graph.provenance import generated, informed_by, job_node, known_job, texts, used, version_node
from ledger.entry import Entry


def _lineage_event_recorded(entry: Entry) -> Iterator[Mutation]:
    """The run itself, its status and its tags stand in entries of their own."""
    payload = cast("LineageEventRecorded", entry.payload)
    job = job_node(entry, payload["job"])
    if payload["job"]:
        yield from known_job(entry, payload["job"])
        yield from texts(job, "facets", payload["job_facets"])
    if payload["parent_job"] and payload["parent_job"] != payload["job"]:
        yield from known_job(entry, payload["parent_job"])
        parent = job_node(entry, payload["parent_job"])
        yield AddEdge(job, EdgeType.WAS_INFORMED_BY, parent, "parent")
    if payload["run_id"]:
        run = node_id(NodeKind.RUN, payload["run_id"])
        yield AddEdge(run, EdgeType.EXECUTION_OF, job)
        yield from texts(run, "facets", payload["run_facets"])
        for parent_run_id in payload["parent_run_ids"]:
            yield from informed_by(run, parent_run_id)
        yield from used(entry, run, payload["uses"])
        yield from generated(entry, run, payload["generates"])
    yield from _derived(entry, payload["artifacts"], payload["derivations"])


def _lineage_derived(entry: Entry) -> Iterator[Mutation]:
    payload = cast("LineageDerived", entry.payload)
    return _derived(entry, payload["artifacts"], payload["derivations"])


def _derived(
    entry: Entry, versions: Iterable[ArtifactRef], derivations: Iterable[Derivation]
) -> Iterator[Mutation]:
    for version in versions:
        yield from version_node(entry, version)
    for pair in derivations:
        yield AddEdge(
            node_id(NodeKind.ARTIFACT, pair["artifact"]),
            EdgeType.WAS_DERIVED_FROM,
            node_id(NodeKind.ARTIFACT, pair["source"]),
        )


_Projector: TypeAlias = Callable[[Entry], Iterator[Mutation]]

LINEAGE_ENTRIES: Final[Mapping[str, _Projector]] = MappingProxyType(
    {
        LINEAGE_DERIVED: _lineage_derived,
        LINEAGE_EVENT_RECORDED: _lineage_event_recorded,
    }
)
