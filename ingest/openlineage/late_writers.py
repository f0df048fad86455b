"""Runs whose events came before those of the run that wrote what they had read.

Such a run is recorded with the dataset as it was before any run was seen to write it
(``UNVERSIONED``). When the events of its first writer arrive, and that had begun no later than the
reader, the version is known: it is recorded beside what was said first, which proves nothing. The
order is that of the events' own times.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.artifact import ArtifactRef, ArtifactUse, artifact_id, identity_of
from domain.errors import UsageError
from domain.lineage_event import LINEAGE_DERIVED, Derivation, LineageDerived
from domain.run import RUN_INPUTS_LOGGED, RunInputsLogged
from graph.model import Edge, EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import Direction
from ingest.facets import DATASET_CONTEXTS
from ingest.openlineage.event import Dataset
from ingest.openlineage.versions import Known, began, unversioned, written_by_others
from ingest.run_state import check_acyclic


def late_reads(
    known: Known, causes: Sequence[str], outputs: Iterable[tuple[Dataset, ArtifactRef]]
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Type and payload of the entries that say which runs had read ``outputs``.

    Each output is a dataset with the version that the run of ``known`` writes; ``causes`` are the
    nodes that the event says it depends on. A reader that the writer comes of is left as it is.
    """
    for dataset, ref in outputs:
        unknown = _node(known, unversioned(dataset))
        if known.graph.nodes([unknown]) and not written_by_others(known, dataset):
            for reader, edge in _readers(known, unknown, dataset, causes):
                yield RUN_INPUTS_LOGGED, _used(reader, edge, ref)
                made = _made(known, reader, unknown, artifact_id(known.project, ref))
                if made:
                    yield LINEAGE_DERIVED, LineageDerived(artifacts=[], derivations=made)


def _readers(
    known: Known, unknown: str, dataset: Dataset, causes: Sequence[str]
) -> Iterator[tuple[Node, Edge]]:
    """Runs that read the unknown version no earlier than the writer began, and no known one."""
    own = node_id(NodeKind.RUN, known.run_id)
    found = known.graph.reachable([unknown], direction=Direction.DOWNSTREAM, types=(EdgeType.USED,))
    runs = known.graph.nodes(sorted(found - {unknown, own}))
    later = [run for run in runs.values() if began(run) >= known.began]
    edges = known.graph.outgoing([run.id for run in later], types=(EdgeType.USED,))
    targets = {edge.target for group in edges.values() for edge in group} - {unknown}
    versions = {
        node.id
        for node in known.graph.nodes(sorted(targets)).values()
        if node.attributes.get("name") == dataset.full_name
    }
    for run in sorted(later, key=lambda run: run.id):
        reads = {edge.target: edge for edge in edges[run.id]}
        if versions.isdisjoint(reads) and not _depends(known, causes, run):
            yield run, reads[unknown]


def _depends(known: Known, causes: Sequence[str], reader: Node) -> bool:
    """Whether the writer comes of the reader."""
    writer = node_id(NodeKind.RUN, known.run_id)
    try:
        check_acyclic(known.graph, entity_id(reader.id), [writer, *causes], [])
    except UsageError:
        return True
    return False


def _used(reader: Node, edge: Edge, ref: ArtifactRef) -> RunInputsLogged:
    facet = DATASET_CONTEXTS.get(edge.role, (edge.role, None))[1]
    use = ArtifactUse(role=edge.role, facet=facet.value if facet else "", artifact=identity_of(ref))
    return RunInputsLogged(run_id=entity_id(reader.id), uses=[use])


def _made(known: Known, reader: Node, unknown: str, source: str) -> list[Derivation]:
    """What the reader made of the unknown version is derived from the known one."""
    made = known.graph.reachable(
        [reader.id], direction=Direction.DOWNSTREAM, types=(EdgeType.WAS_GENERATED_BY,)
    )
    derived = known.graph.outgoing(sorted(made - {reader.id}), types=(EdgeType.WAS_DERIVED_FROM,))
    return [
        Derivation(artifact=entity_id(one), source=source)
        for one in sorted(derived)
        if any(edge.target == unknown for edge in derived[one])
    ]


def _node(known: Known, ref: ArtifactRef) -> str:
    return node_id(NodeKind.ARTIFACT, artifact_id(known.project, ref))
