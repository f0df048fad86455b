"""Which ledger entries tell the story of a run, an artifact version or a verdict."""

from collections.abc import Iterable
from typing import Final

from domain.errors import ErrorCode, NotFoundError, UsageError
from governance.audited_model import (
    behind_versions,
    beside_versions,
    find_model,
    versions_told,
)
from governance.closure import find_root
from graph.model import LINEAGE, Edge, EdgeType, Node, NodeKind, node_id
from graph.port import Condition, Direction, GraphReader, NodeQuery, Operator

MAX_NODES: Final = 5_000
"""Nodes of one story; beyond it nobody reads to the end."""


def audited_node(graph: GraphReader, project: str, text: str, *, as_of: int) -> str:
    """The graph node that ``text`` names: a verdict's id, what ``closure.find_root`` finds, or a
    registered model by name, one version of it as ``<name>/<number>``."""
    verdict = text if text.startswith("verdict:") else node_id(NodeKind.VERDICT, text)
    node = graph.nodes([verdict], as_of=as_of).get(verdict)
    if node is not None and node.project == project:
        return node.id
    try:
        return find_root(graph, project, text, as_of=as_of)
    except NotFoundError as error:
        model = find_model(graph, project, text, as_of=as_of)
        if model is not None:
            return model
        raise NotFoundError(
            f"{text[:80]!r} names no verdict, run, artifact version or model of the project "
            f"{project!r}.",
            hint="Write a verdict's id, run:<run id>, artifact:<id>, <name>@<digest>, or a "
            "registered model's name.",
        ) from error


def story_seqs(graph: GraphReader, project: str, subject: str, *, as_of: int) -> tuple[int, ...]:
    """The leaf indexes of the entries, in order: from data to decision.

    Everything upstream of the subject (of a verdict: of the runs that it judged; of a registered
    model: of its versions), the verdicts over its runs with their policies, and quarantine, waivers
    and signatures over any of these. Raises ``UsageError`` (TOO_LARGE).
    """
    versions = versions_told(graph, project, subject, as_of=as_of)
    roots = {subject, *behind_versions(graph, versions, as_of=as_of)}
    if subject.startswith(node_id(NodeKind.VERDICT, "")):
        roots |= {edge.target for edge in _edges(graph, roots, as_of, EdgeType.JUDGED)}
    upstream = graph.closure(
        roots, direction=Direction.UPSTREAM, types=LINEAGE, limit=MAX_NODES, as_of=as_of
    )
    if upstream.truncated:
        raise UsageError(
            f"More than {MAX_NODES} nodes lead to {subject}.",
            code=ErrorCode.TOO_LARGE,
            hint="Audit one of its runs or artifacts.",
        )
    told = {subject, *versions, *(node.id for node in upstream.nodes)}
    told |= set(beside_versions(graph, project, versions, as_of=as_of))
    told |= set(_signatures(graph, project, upstream.nodes, as_of))
    edges = [*upstream.edges, *_judging(graph, subject, roots, as_of)]
    told |= {edge.source for edge in edges} | {edge.target for edge in edges}
    told |= {edge.target for edge in _edges(graph, told, as_of, EdgeType.UNDER_POLICY)}
    told |= set(_overseeing(graph, project, told, as_of))
    nodes = graph.nodes(told, as_of=as_of)
    seqs = {edge.seq for edge in edges} | {node.seq for node in nodes.values()}
    for node in nodes:
        seqs |= {change.seq for change in graph.history(node) if change.seq < as_of}
    return tuple(sorted(seqs))


def _judging(graph: GraphReader, subject: str, roots: Iterable[str], as_of: int) -> list[Edge]:
    """The verdicts on the subject's run; of a verdict, that one alone."""
    if subject.startswith(node_id(NodeKind.VERDICT, "")):
        return _edges(graph, [subject], as_of, EdgeType.JUDGED)
    found = graph.incoming(sorted(roots), types=[EdgeType.JUDGED], as_of=as_of)
    return [edge for edges in found.values() for edge in edges]


def _overseeing(graph: GraphReader, project: str, told: set[str], as_of: int) -> Iterable[str]:
    """Quarantines of what is told, and waivers and approvers where there are any."""
    held = [node_id(NodeKind.QUARANTINE, each) for each in sorted(told)]
    yield from graph.nodes(held, as_of=as_of)
    waivers = graph.find(NodeQuery(project, NodeKind.WAIVER), as_of=as_of)
    if waivers or any(each.startswith("signature:") for each in told):
        yield node_id(NodeKind.APPROVERS, project)
    yield from (node.id for node in waivers if _concerns(node, told))


def _signatures(graph: GraphReader, project: str, nodes: Iterable[Node], as_of: int) -> list[str]:
    """Signatures over the artifact versions that are told of."""
    digests = {str(node.attributes["digest"]) for node in nodes if "digest" in node.attributes}
    of = (Condition("digest", Operator.IN, tuple(sorted(digests))),)
    query = NodeQuery(project, NodeKind.SIGNATURE, of)
    return list(graph.find_ids(query, as_of=as_of)) if digests else []


def _concerns(waiver: Node, told: set[str]) -> bool:
    document = str(waiver.attributes["document"])
    return any(
        f'"{node}"' in document or f'"{node.partition(":")[2]}"' in document for node in told
    )


def _edges(graph: GraphReader, nodes: Iterable[str], as_of: int, kind: EdgeType) -> list[Edge]:
    found = graph.outgoing(sorted(nodes), types=[kind], as_of=as_of)
    return [edge for edges in found.values() for edge in edges]
