"""Lineage: what stands upstream or downstream of a node, and two ancestries as one graph."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import NotFoundError, UsageError
from graph.model import LINEAGE, Edge, Node, NodeKind, entity_id, node_id
from graph.port import Direction, GraphReader, Subgraph
from resolvers.attributes import text

MAX_NODES = 5_000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything reachable, the nearest first; ``truncated`` when the limit cut it."""

    nodes: tuple[tuple[Node, int], ...]
    """Each node with its distance in edges from the asked one, by (distance, id)."""
    edges: tuple[Edge, ...]
    truncated: bool


class GraphSide(StrEnum):
    """Whose ancestry a node belongs to."""

    BASELINE = "BASELINE"
    CANDIDATE = "CANDIDATE"
    BOTH = "BOTH"


@dataclass(frozen=True, slots=True)
class DiffGraph:
    """Two ancestries as one graph, the nearest nodes first."""

    nodes: tuple[tuple[Node, GraphSide], ...]
    edges: tuple[Edge, ...]
    truncated: bool


def lineage(
    graph: GraphReader,
    root: str,
    *,
    project: str,
    direction: Direction,
    depth: int | None,
    max_nodes: int,
    as_of: int | None,
) -> Lineage:
    """The closure of the graph node ``root`` over the lineage edges.

    ``NotFoundError`` when the node is not the project's, ``UsageError`` (INVALID_ARGUMENT) for
    bounds out of range.
    """
    _check_bounds(depth, max_nodes)
    found = graph.nodes([root], as_of=as_of)
    if root not in found or found[root].project != project:
        raise NotFoundError(
            "There is no such node in this project.",
            hint="Ask with the id of a run or an artifact of this project.",
        )
    subgraph = graph.closure(
        [root], direction=direction, types=LINEAGE, depth=depth, limit=max_nodes, as_of=as_of
    )
    nodes = [node for node in subgraph.nodes if node.project == project]
    return Lineage(
        tuple((node, subgraph.distance[node.id]) for node in nodes),
        _edges_among(subgraph.edges, {node.id for node in nodes}),
        subgraph.truncated,
    )


def diff_graph(
    graph: GraphReader,
    baseline: Collection[str],
    candidate: Collection[str],
    *,
    project: str,
    max_nodes: int,
    as_of: int | None,
) -> DiffGraph:
    """The ancestries of two sets of run ids as one graph of at most ``max_nodes`` nodes.

    The nodes nearest to any run stay; a node that both sides reach is BOTH.
    """
    _check_bounds(None, max_nodes)
    before = _ancestry(graph, baseline, max_nodes, as_of)
    after = _ancestry(graph, candidate, max_nodes, as_of)
    nodes = {node.id: node for node in (*before.nodes, *after.nodes) if node.project == project}
    kept = sorted(nodes, key=lambda each: (_distance(each, before, after), each))[:max_nodes]
    edges = _edges_among((*before.edges, *after.edges), set(kept))
    return DiffGraph(
        tuple((nodes[each], _side(each, before, after)) for each in kept),
        edges,
        before.truncated or after.truncated or len(kept) < len(nodes),
    )


def label_of(node: Node) -> str:
    """A node in words, for pictures: a run's name or id, an artifact's name and short digest."""
    name = text(node.attributes, "name") or entity_id(node.id)
    if node.kind is not NodeKind.ARTIFACT:
        return name
    return f"{name} {text(node.attributes, 'digest')[:12]}".strip()


def _ancestry(
    graph: GraphReader, run_ids: Collection[str], max_nodes: int, as_of: int | None
) -> Subgraph:
    roots = [node_id(NodeKind.RUN, run_id) for run_id in run_ids]
    return graph.closure(
        roots, direction=Direction.UPSTREAM, types=LINEAGE, limit=max_nodes, as_of=as_of
    )


def _distance(node: str, before: Subgraph, after: Subgraph) -> int:
    return min(side.distance[node] for side in (before, after) if node in side.distance)


def _side(node: str, before: Subgraph, after: Subgraph) -> GraphSide:
    if node in before.distance and node in after.distance:
        return GraphSide.BOTH
    return GraphSide.BASELINE if node in before.distance else GraphSide.CANDIDATE


def _edges_among(edges: Collection[Edge], nodes: Collection[str]) -> tuple[Edge, ...]:
    kept = {edge for edge in edges if edge.source in nodes and edge.target in nodes}
    return tuple(sorted(kept))


def _check_bounds(depth: int | None, max_nodes: int) -> None:
    if depth is not None and not 0 <= depth <= MAX_DEPTH:
        raise UsageError(f"depth is from 0 to {MAX_DEPTH}, {depth} was asked for.")
    if not 1 <= max_nodes <= MAX_NODES:
        raise UsageError(f"maxNodes is from 1 to {MAX_NODES}, {max_nodes} was asked for.")
