"""Reading artifact versions, and who used and made them."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from analytics.comparability import Level, hold_versions
from analytics.facts import input_of
from analytics.version_changes import Change, version_changes
from domain.errors import NotFoundError
from domain.facet import Strength
from graph.model import EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import GraphReader
from resolvers.attributes import prefixed, text


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """An artifact version as it stood at the asked position."""

    artifact_id: str
    project: str
    kind: str
    name: str
    digest: str
    algorithm: str
    strength: str
    uri: str
    """Opaque, as the client gave it; empty when none."""
    seq: int
    """The entry that first named it."""
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArtifactDiff:
    """Two artifact versions held against each other."""

    before: ArtifactRecord
    after: ArtifactRecord
    level: Level
    """VERIFIED or ASSUMED equal, BROKEN when proven different, UNKNOWN, CONFLICT."""
    strength: Strength
    reason: str
    changes: tuple[Change, ...]
    """What changed between them, where that is known."""


@dataclass(frozen=True, slots=True)
class UseRecord:
    """A run used, or generated, an artifact version."""

    run_id: str
    artifact_id: str
    role: str
    facet: str
    """A ``domain.facet.Facet`` name; empty when the use is part of none."""
    tags: Mapping[str, str]
    """Tags of the input itself; always empty for what was generated."""
    seq: int


def by_ids(
    graph: GraphReader, artifact_ids: Collection[str], *, project: str | None, as_of: int | None
) -> dict[str, ArtifactRecord]:
    """The artifact versions of ``project``, of any when None, that exist, by artifact id."""
    nodes = graph.nodes([node_id(NodeKind.ARTIFACT, each) for each in artifact_ids], as_of=as_of)
    records = [
        record_of(node)
        for node in nodes.values()
        if node.kind is NodeKind.ARTIFACT and project in (None, node.project)
    ]
    return {record.artifact_id: record for record in records}


def one(graph: GraphReader, artifact_id: str, *, project: str, as_of: int | None) -> ArtifactRecord:
    """The version; ``NotFoundError`` when ``project`` has no such artifact."""
    found = by_ids(graph, [artifact_id], project=project, as_of=as_of)
    if artifact_id not in found:
        raise NotFoundError(
            f"There is no artifact {artifact_id[:60]!r} in this project.",
            hint="Follow a run's inputs or its lineage to the artifacts that exist.",
        )
    return found[artifact_id]


def diff(
    graph: GraphReader, before_id: str, after_id: str, *, project: str, as_of: int | None
) -> ArtifactDiff:
    """Two versions held against each other; ``NotFoundError`` when ``project`` lacks one."""
    sides = [one(graph, each, project=project, as_of=as_of) for each in (before_id, after_id)]
    ids = [node_id(NodeKind.ARTIFACT, each) for each in (before_id, after_id)]
    nodes = graph.nodes(ids, as_of=as_of)
    before, after = (input_of(nodes[each], "", "") for each in ids)
    level, strength, reason = hold_versions(before, after)
    return ArtifactDiff(sides[0], sides[1], level, strength, reason, version_changes(before, after))


def used_by_runs(
    graph: GraphReader, run_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[UseRecord, ...]]:
    """What each run used, ordered by (artifact, role); every asked run has a key."""
    ids = [node_id(NodeKind.RUN, run_id) for run_id in run_ids]
    edges = graph.outgoing(ids, types=[EdgeType.USED], as_of=as_of)
    runs = graph.nodes(ids, as_of=as_of)
    return {
        entity_id(run): tuple(
            UseRecord(
                entity_id(run),
                entity_id(edge.target),
                edge.role,
                edge.facet,
                _input_tags(runs.get(run), entity_id(edge.target), edge.role),
                edge.seq,
            )
            for edge in edges[run]
        )
        for run in ids
    }


def generated_by_runs(
    graph: GraphReader, run_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[UseRecord, ...]]:
    """What each run generated, ordered by (artifact, role); every asked run has a key."""
    ids = [node_id(NodeKind.RUN, run_id) for run_id in run_ids]
    edges = graph.incoming(ids, types=[EdgeType.WAS_GENERATED_BY], as_of=as_of)
    return {
        entity_id(run): tuple(
            UseRecord(entity_id(run), entity_id(edge.source), edge.role, edge.facet, {}, edge.seq)
            for edge in edges[run]
        )
        for run in ids
    }


def users_of(
    graph: GraphReader, artifact_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[str, ...]]:
    """The runs that used each version, by (first use, id); every asked version has a key."""
    ids = [node_id(NodeKind.ARTIFACT, each) for each in artifact_ids]
    edges = graph.incoming(ids, types=[EdgeType.USED], as_of=as_of)
    return {
        entity_id(artifact): _distinct((edge.seq, edge.source) for edge in edges[artifact])
        for artifact in ids
    }


def makers_of(
    graph: GraphReader, artifact_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[str, ...]]:
    """The runs that generated each version, by (entry, id); every asked version has a key."""
    ids = [node_id(NodeKind.ARTIFACT, each) for each in artifact_ids]
    edges = graph.outgoing(ids, types=[EdgeType.WAS_GENERATED_BY], as_of=as_of)
    return {
        entity_id(artifact): _distinct((edge.seq, edge.target) for edge in edges[artifact])
        for artifact in ids
    }


def record_of(node: Node) -> ArtifactRecord:
    """The record behind an ARTIFACT node."""
    attributes = node.attributes
    return ArtifactRecord(
        artifact_id=entity_id(node.id),
        project=node.project,
        kind=text(attributes, "kind"),
        name=text(attributes, "name"),
        digest=text(attributes, "digest"),
        algorithm=text(attributes, "algorithm"),
        strength=text(attributes, "strength"),
        uri=text(attributes, "uri"),
        seq=node.seq,
        attributes=prefixed(attributes, "attributes."),
    )


def _distinct(found: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """Run ids by their first position, each once."""
    return tuple(dict.fromkeys(entity_id(run) for _, run in sorted(found)))


def _input_tags(run: Node | None, artifact: str, role: str) -> dict[str, str]:
    if run is None:
        return {}
    found = text(run.attributes, f"input_tags.{artifact}.{role}")
    return dict(json.loads(found)) if found else {}
