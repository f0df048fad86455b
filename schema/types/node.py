"""The Relay node interface, and how a graph node is known to clients."""

import strawberry

from graph.model import Node as GraphNodeRecord
from graph.model import NodeKind, entity_id
from resolvers.attributes import text
from schema.global_ids import global_id

TYPE_OF_KIND = {
    NodeKind.EXPERIMENT: "Experiment",
    NodeKind.RUN: "Run",
    NodeKind.ARTIFACT: "Artifact",
    NodeKind.AGENT: "Agent",
    NodeKind.JOB: "Job",
    NodeKind.POLICY: "Policy",
    NodeKind.VERDICT: "Verdict",
}
"""The GraphQL type name of each kind of graph node; Agent and Job have no type of their own."""


@strawberry.interface(name="Node", description="Anything with a global id (Relay).")
class NodeInterface:
    """Anything with a global id."""

    id: strawberry.ID = strawberry.field(
        description="Opaque global id; `node(id:)` finds the object again."
    )


@strawberry.type(description="A node of the provenance graph, by id and kind.")
class NodeRef:
    """A node of the provenance graph, by id and kind."""

    id: strawberry.ID = strawberry.field(description="Global id; `node(id:)` finds it.")
    kind: NodeKind = strawberry.field(description="What it is.")


def graph_global_id(node: GraphNodeRecord) -> strawberry.ID:
    """The global id of a graph node."""
    local = entity_id(node.id)
    if node.kind is NodeKind.EXPERIMENT:
        local = text(node.attributes, "experiment_id")
    return strawberry.ID(global_id(TYPE_OF_KIND[node.kind], local))


def node_ref(node: str) -> NodeRef:
    """The reference to a graph node id (``run:<id>``, ``artifact:<id>``)."""
    kind = NodeKind(node.partition(":")[0].upper())
    return NodeRef(id=strawberry.ID(global_id(TYPE_OF_KIND[kind], entity_id(node))), kind=kind)
