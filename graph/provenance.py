"""Mutations that several kinds of entries share: versions, uses, jobs and parents."""

from collections.abc import Generator, Iterable, Iterator, Mapping

from domain.artifact import ArtifactRef, ArtifactUse, artifact_id
from domain.canonical import JsonValue, canonical_bytes
from graph.model import AddEdge, AddNode, EdgeType, Mutation, NodeKind, SetAttribute, node_id
from ledger.entry import Entry


def used(entry: Entry, run: str, uses: Iterable[ArtifactUse]) -> Iterator[Mutation]:
    """The run used these versions in their roles."""
    for use in uses:
        artifact = yield from _artifact(entry, use)
        yield AddEdge(run, EdgeType.USED, artifact, use["role"], use["facet"])
        yield from _use_tags(entry, run, "input_tags", use)


def generated(entry: Entry, node: str, generates: Iterable[ArtifactUse]) -> Iterator[Mutation]:
    """The run made these versions in their roles."""
    for use in generates:
        artifact = yield from _artifact(entry, use)
        yield AddEdge(artifact, EdgeType.WAS_GENERATED_BY, node, use["role"], use["facet"])
        yield from _use_tags(entry, node, "output_tags", use)


def _use_tags(entry: Entry, run: str, prefix: str, use: ArtifactUse) -> Iterator[Mutation]:
    """What the client said of this very use, kept with the run."""
    if use.get("tags"):
        name = f"{prefix}.{artifact_id(entry.project, use['artifact'])}.{use['role']}"
        yield SetAttribute(run, name, canonical_text(use.get("tags", {})))


def _artifact(entry: Entry, use: ArtifactUse) -> Generator[Mutation, None, str]:
    """The mutations that make the version known; returns its node id."""
    return (yield from version_node(entry, use["artifact"]))


def version_node(entry: Entry, version: ArtifactRef) -> Generator[Mutation, None, str]:
    """The mutations that make the version known; returns its node id."""
    node = node_id(NodeKind.ARTIFACT, artifact_id(entry.project, version))
    yield AddNode(node, NodeKind.ARTIFACT, entry.project)
    yield SetAttribute(node, "kind", version["kind"])
    yield SetAttribute(node, "name", version["name"])
    yield SetAttribute(node, "digest", version["digest"])
    yield SetAttribute(node, "algorithm", version["algorithm"])
    yield SetAttribute(node, "strength", version["strength"])
    if "uri" in version:
        yield SetAttribute(node, "uri", version["uri"])
    yield from texts(node, "attributes", version.get("attributes", {}))
    return node


def informed_by(run: str, parent_run_id: str) -> Iterator[Mutation]:
    """The run that informed this one; nothing where there is none."""
    if parent_run_id:
        parent = node_id(NodeKind.RUN, parent_run_id)
        yield AddEdge(run, EdgeType.WAS_INFORMED_BY, parent, "parent")


def texts(node: str, prefix: str, values: Mapping[str, str]) -> Iterator[Mutation]:
    """A family of attributes ``<prefix>.<key>``."""
    for key in sorted(values):
        yield SetAttribute(node, f"{prefix}.{key}", values[key])


def job_node(entry: Entry, name: str) -> str:
    """The node id of a job."""
    return node_id(NodeKind.JOB, f"{entry.project}/{name}")


def known_job(entry: Entry, name: str) -> Iterator[Mutation]:
    """The mutations that make a job known."""
    node = job_node(entry, name)
    yield AddNode(node, NodeKind.JOB, entry.project)
    yield SetAttribute(node, "name", name)


def canonical_text(value: JsonValue) -> str:
    """JSON as an attribute keeps it."""
    return canonical_bytes(value).decode("utf-8")
