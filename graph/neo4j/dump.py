"""Everything in the database, as canonical lines."""

from typing import LiteralString

from graph.dump import attribute_line, edge_line, node_line
from graph.model import AttributeChange, Edge, EdgeType, Node, NodeKind
from graph.neo4j.connection import AnyTransaction

_ATTRIBUTES: LiteralString = """
    MATCH (n:Entity)-[:HAS]->(a:Attribute) RETURN n.id, a.name, a.value, a.seq, a.until
"""
_EDGES: LiteralString = """
    MATCH (s:Entity)-[e]->(t:Entity)
    RETURN s.id, type(e), t.id, e.role, e.facet, e.seq
"""
_NODES: LiteralString = """
    MATCH (n:Entity)
    RETURN n.id, [label IN labels(n) WHERE label <> 'Entity'][0], n.project, n.seq
"""


def lines(tx: AnyTransaction) -> list[bytes]:
    """The lines of attributes, edges and nodes: in this order they are sorted as bytes."""
    attributes = [
        attribute_line(node, AttributeChange(name, value, seq, until))
        for node, name, value, seq, until in tx.run(_ATTRIBUTES).values()
    ]
    edges = [
        edge_line(Edge(source, EdgeType(type_), target, role, facet, seq))
        for source, type_, target, role, facet, seq in tx.run(_EDGES).values()
    ]
    nodes = [
        node_line(Node(id_, NodeKind(kind), project, seq))
        for id_, kind, project, seq in tx.run(_NODES).values()
    ]
    return sorted(attributes) + sorted(edges) + sorted(nodes)
