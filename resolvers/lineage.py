"""Lineage: what stands upstream or downstream of a node, and two ancestries as one graph."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import NotFoundError, UsageError
from graph.model import LINEAGE, Edge, EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import Direction, GraphReader, Subgraph
from resolvers.attributes import text

MAX_NODES = 5_000
MAX_DEPTH = 100
PATH_NODES = 100_000
"""Nodes that a search for a path reads."""
ALL_KINDS = frozenset(NodeKind)
IMPACT = (*LINEAGE, EdgeType.JUDGED)
"""What carries an effect on: provenance, and the verdicts on what it reached."""


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
    kinds: Collection[NodeKind] = ALL_KINDS,
    types: Collection[EdgeType] = LINEAGE,
) -> Lineage:
    """The closure of the graph node ``root`` over the edges of ``types``.

    ``kinds`` are shown, the root always; the walk itself goes through all. ``NotFoundError`` when
    the node is not the project's, ``UsageError`` (INVALID_ARGUMENT) for bounds out of range.
    """
    _check_bounds(depth, max_nodes)
    require_node(graph, root, project=project, as_of=as_of)
    subgraph = graph.closure(
        [root], direction=direction, types=types, depth=depth, limit=max_nodes, as_of=as_of
    )
    nodes = [
        node
        for node in subgraph.nodes
        if node.project == project and (node.kind in kinds or node.id == root)
    ]
    return Lineage(
        tuple((node, subgraph.distance[node.id]) for node in nodes),
        _edges_among(subgraph.edges, {node.id for node in nodes}),
        subgraph.truncated,
    )


def impact(
    graph: GraphReader,
    root: str,
    *,
    project: str,
    max_nodes: int,
    as_of: int | None,
    kinds: Collection[NodeKind] = ALL_KINDS,
) -> Lineage:
    """Everything that ``root`` went into: artifacts, runs, and the verdicts on those runs."""
    return lineage(
        graph,
        root,
        project=project,
        direction=Direction.DOWNSTREAM,
        depth=None,
        max_nodes=max_nodes,
        as_of=as_of,
        kinds=kinds,
        types=IMPACT,
    )


def shortest_path(
    graph: GraphReader, start: str, end: str, *, project: str, as_of: int | None
) -> Lineage:
    """Why ``end`` is upstream of ``start``: one shortest path, the first of equals by edge.

    Nodes in the order of the path with their distance from ``start``; empty when ``end`` is not
    upstream. ``NotFoundError`` when either node is not the project's.
    """
    for root in (start, end):
        require_node(graph, root, project=project, as_of=as_of)
    subgraph = graph.closure(
        [start], direction=Direction.UPSTREAM, types=LINEAGE, limit=PATH_NODES, as_of=as_of
    )
    if end not in subgraph.distance:
        return Lineage((), (), subgraph.truncated)
    incoming: dict[str, list[Edge]] = {}
    for edge in subgraph.edges:
        incoming.setdefault(edge.target, []).append(edge)
    edges: list[Edge] = []
    here = end
    while here != start:
        before = subgraph.distance[here] - 1
        edge = min(e for e in incoming[here] if subgraph.distance[e.source] == before)
        edges.append(edge)
        here = edge.source
    nodes = {node.id: node for node in subgraph.nodes}
    path = [start, *(edge.target for edge in reversed(edges))]
    if any(nodes[each].project != project for each in path):
        return Lineage((), (), subgraph.truncated)
    return Lineage(
        tuple((nodes[each], subgraph.distance[each]) for each in path),
        tuple(reversed(edges)),
        subgraph.truncated,
    )


def require_node(graph: GraphReader, root: str, *, project: str, as_of: int | None) -> Node:
    """The node; ``NotFoundError`` when it is not the project's."""
    found = graph.nodes([root], as_of=as_of).get(root)
    if found is None or found.project != project:
        raise NotFoundError(
            "There is no such node in this project.",
            hint="Ask with the id of a run or an artifact of this project.",
        )
    return found


def diff_graph(
    graph: GraphReader,
    baseline: Collection[str],
    candidate: Collection[str],
    *,
    projects: Collection[str],
    max_nodes: int,
    as_of: int | None,
) -> DiffGraph:
    """The ancestries of two sets of run ids as one graph of at most ``max_nodes`` nodes.

    What is not of ``projects`` is left out.
    The nodes nearest to any run stay; a node that both sides reach is BOTH.
    """
    _check_bounds(None, max_nodes)
    before = _ancestry(graph, baseline, max_nodes, as_of)
    after = _ancestry(graph, candidate, max_nodes, as_of)
    nodes = {node.id: node for node in (*before.nodes, *after.nodes) if node.project in projects}
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
