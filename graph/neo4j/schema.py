"""Labels, constraints and indexes, and the life of the cursor node.

- ``(:Entity:RUN {id, project, seq, order?, …})``: a node; its kind is its second label; ``…`` are
  its current attributes, for people who write Cypher.
- ``(:Entity)-[:HAS]->(:Attribute {name, value, seq, until?, order?, short?})``: every value an
  attribute ever had. Reads use these alone; ``short`` is the value again unless it is a long text,
  which an index cannot hold.
- ``(:Entity)-[:USED {role, facet, seq}]->(:Entity)``: an edge; its type is an ``EdgeType``.
- ``(:Cursor {name, size, edge, version})``: where the projection stands.

``order`` is there when a text is not ASCII: see ``graph.neo4j.text.order_key``.
"""

from typing import Final

from graph.model import NodeKind
from graph.neo4j.connection import Connection
from graph.projector import PROJECTOR_VERSION

SCHEMA_VERSION: Final = 2
VERSION: Final = SCHEMA_VERSION * 1_000_000 + PROJECTOR_VERSION
"""Stands on the cursor node; a graph of another version is emptied and rebuilt."""

_EMPTYING: Final = 0
"""The version while nodes are being deleted: nothing may be applied."""

_STATEMENTS: Final = (
    "CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT cursor_name IF NOT EXISTS FOR (c:Cursor) REQUIRE c.name IS UNIQUE",
    "CREATE INDEX attribute_short IF NOT EXISTS FOR (a:Attribute) ON (a.name, a.short)",
    *(
        f"CREATE INDEX {kind.lower()}_order IF NOT EXISTS FOR (n:{kind}) ON (n.project, n.seq)"
        for kind in NodeKind
    ),
)


def prepare(connection: Connection, name: str) -> None:
    """Make constraints, indexes and the cursor if they are not there, or not of this version."""
    for statement in _STATEMENTS:
        connection.alone(statement)
    with connection.writing() as tx:
        record = tx.run(
            "MERGE (c:Cursor {name: $name})"
            " ON CREATE SET c.size = 0, c.edge = '', c.version = $version"
            " RETURN c.version",
            name=name,
            version=VERSION,
        ).single(strict=True)
        tx.commit()
    if record[0] != VERSION:
        empty(connection, name)


def empty(connection: Connection, name: str) -> None:
    """Delete everything but constraints and indexes.

    The cursor goes first, and counts as of no version until the last node is gone: a crash in
    between leaves a graph that the next start empties again.
    """
    _put_cursor(connection, name, _EMPTYING)
    for label in ("Attribute", "Entity"):
        connection.alone(
            f"MATCH (n:{label}) CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF 10000 ROWS"
        )
    _put_cursor(connection, name, VERSION)


def _put_cursor(connection: Connection, name: str, version: int) -> None:
    with connection.writing() as tx:
        tx.run(
            "MERGE (c:Cursor {name: $name}) SET c.size = 0, c.edge = '', c.version = $version",
            name=name,
            version=version,
        ).consume()
        tx.commit()
