"""Lineage: what stands upstream or downstream, as nodes and edges."""

import strawberry

from domain.facet import Facet
from graph.model import Edge as GraphEdge
from graph.model import EdgeType, NodeKind
from graph.model import Node as GraphNode
from resolvers.lineage import DiffGraph, GraphSide, Lineage, label_of
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.scalars import BigInt
from schema.types.load_node import load_node
from schema.types.node import NodeInterface, graph_global_id


@strawberry.type(description="A node of a lineage.")
class LineageNode:
    """A node of a lineage."""

    id: strawberry.ID = strawberry.field(description="Global id of the node.")
    kind: NodeKind = strawberry.field(description="RUN, ARTIFACT or VERDICT.")
    label: str = strawberry.field(description="The node in words; any text, show it escaped.")
    distance: int = strawberry.field(description="Least number of edges from the asked node.")
    as_of: strawberry.Private[int]

    @resolved("The run, artifact or verdict itself.")
    async def node(self, info: LineproofInfo) -> NodeInterface | None:
        return await load_node(info.context, self.id, self.as_of)


@strawberry.type(description="An edge of the provenance graph; it points upstream, as in PROV.")
class ProvenanceEdge:
    """An edge of the provenance graph."""

    source: strawberry.ID = strawberry.field(
        name="from", description="Global id of the downstream end."
    )
    target: strawberry.ID = strawberry.field(
        name="to", description="Global id of the upstream end."
    )
    type: EdgeType = strawberry.field(description="What the edge says.")
    role: str = strawberry.field(description="In which role; empty when it has none.")
    facet: Facet | None = strawberry.field(description="The facet that the edge is part of.")
    leaf_index: BigInt = strawberry.field(description="The ledger entry that recorded it.")


@strawberry.type(description="Everything reachable from a node, the nearest first.")
class LineageGraph:
    """Everything reachable from a node."""

    nodes: list[LineageNode] = strawberry.field(description="By (distance, id).")
    edges: list[ProvenanceEdge] = strawberry.field(description="The edges among those nodes.")
    truncated: bool = strawberry.field(description="Whether `maxNodes` cut the answer.")


@strawberry.type(description="A node of two ancestries that are shown as one graph.")
class DiffNode:
    """A node of two ancestries."""

    id: strawberry.ID = strawberry.field(description="Global id of the run or artifact.")
    kind: NodeKind = strawberry.field(description="RUN or ARTIFACT.")
    label: str = strawberry.field(description="The node in words; any text, show it escaped.")
    side: GraphSide = strawberry.field(description="Whose ancestry it belongs to.")


@strawberry.type(name="DiffGraph", description="The ancestries of both sides as one graph.")
class DiffGraphType:
    """The ancestries of both sides as one graph."""

    nodes: list[DiffNode] = strawberry.field(description="The nearest to any run first.")
    edges: list[ProvenanceEdge] = strawberry.field(description="The edges among those nodes.")
    truncated: bool = strawberry.field(description="Whether `maxNodes` cut the answer.")


def lineage_of(found: Lineage, as_of: int) -> LineageGraph:
    """The GraphQL object of ``found``."""
    return LineageGraph(
        nodes=[
            LineageNode(
                id=graph_global_id(node),
                kind=node.kind,
                label=label_of(node),
                distance=distance,
                as_of=as_of,
            )
            for node, distance in found.nodes
        ],
        edges=_edges(found.edges, {node.id: node for node, _ in found.nodes}),
        truncated=found.truncated,
    )


def diff_graph_of(found: DiffGraph) -> DiffGraphType:
    """The GraphQL object of ``found``."""
    return DiffGraphType(
        nodes=[
            DiffNode(id=graph_global_id(node), kind=node.kind, label=label_of(node), side=side)
            for node, side in found.nodes
        ],
        edges=_edges(found.edges, {node.id: node for node, _ in found.nodes}),
        truncated=found.truncated,
    )


def _edges(edges: tuple[GraphEdge, ...], nodes: dict[str, GraphNode]) -> list[ProvenanceEdge]:
    return [
        ProvenanceEdge(
            source=graph_global_id(nodes[edge.source]),
            target=graph_global_id(nodes[edge.target]),
            type=edge.type,
            role=edge.role,
            facet=Facet(edge.facet) if edge.facet else None,
            leaf_index=BigInt(edge.seq),
        )
        for edge in edges
    ]
