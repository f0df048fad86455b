"""Everything in the tables, as canonical lines."""

import sqlite3
from collections.abc import Iterator

from graph.dump import attribute_line, edge_line, node_line
from graph.model import AttributeChange, Node, NodeKind
from graph.sqlite.reads import edge_of


def lines(db: sqlite3.Connection) -> Iterator[bytes]:
    """The lines of attributes, edges and nodes: in this order they are sorted as bytes."""
    yield from sorted(_attributes(db))
    yield from sorted(_edges(db))
    yield from sorted(_nodes(db))


def _attributes(db: sqlite3.Connection) -> Iterator[bytes]:
    rows = db.execute(
        "SELECT n.id, a.name, a.value, a.seq, a.until"
        " FROM attribute AS a JOIN node AS n ON n.key = a.node"
    )
    for node, name, value, seq, until in rows:
        yield attribute_line(node, AttributeChange(name, value, seq, until))


def _edges(db: sqlite3.Connection) -> Iterator[bytes]:
    rows = db.execute(
        "SELECT s.id, e.type, t.id, e.role, e.facet, e.seq FROM edge AS e"
        " JOIN node AS s ON s.key = e.source JOIN node AS t ON t.key = e.target"
    )
    return (edge_line(edge_of(row)) for row in rows)


def _nodes(db: sqlite3.Connection) -> Iterator[bytes]:
    rows = db.execute("SELECT id, kind, project, seq FROM node")
    for id_, kind, project, seq in rows:
        yield node_line(Node(id_, NodeKind(kind), project, seq))
