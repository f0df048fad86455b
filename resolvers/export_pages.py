"""The whole graph of a project, page by page, and the points of runs: what exports are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.facts import SummaryReader
from domain.metric import MetricPoint
from graph.model import Edge, Node, NodeKind
from graph.port import GraphReader, NodeQuery


@dataclass(frozen=True, slots=True)
class GraphPage:
    """Nodes of one kind by (seq, id), each with all that it points at."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    after: tuple[int, str] | None
    """Where the next page begins; None at the end."""


def graph_page(
    graph: GraphReader,
    project: str,
    kind: NodeKind,
    *,
    after: tuple[int, str] | None,
    limit: int,
    as_of: int,
) -> GraphPage:
    """At most ``limit`` nodes of ``kind`` after ``after``, as of a tree size."""
    nodes = graph.find(NodeQuery(project, kind, after=after, limit=limit), as_of=as_of)
    outgoing = graph.outgoing([node.id for node in nodes], as_of=as_of)
    edges = [edge for node in nodes for edge in outgoing[node.id]]
    last = (nodes[-1].seq, nodes[-1].id) if len(nodes) == limit else None
    return GraphPage(nodes, edges, last)


def run_points(metrics: SummaryReader, run_id: str, *, as_of: int) -> list[MetricPoint]:
    """Every point of a run, by key and in the order of its series."""
    keys = sorted(metrics.summaries([run_id], as_of=as_of).get(run_id, {}))
    return [point for key in keys for point in metrics.points(run_id, key, as_of=as_of)]
