"""The SQLite adapter: the cursor, the one writer, and the reads of the sibling modules."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from domain.errors import StaleError
from graph.model import (
    AddEdge,
    AddNode,
    AttributeChange,
    Edge,
    EdgeType,
    Mutation,
    Node,
    SetAttribute,
    UnsetAttribute,
)
from graph.port import Direction, NodeQuery, Order, Subgraph
from graph.projector import mutations
from graph.sqlite import closure, dump, ordered, reads, schema
from graph.sqlite.connection import Connections
from ledger.entry import Entry
from ledger.projection import Cursor

_HASH_BYTES = 32

_Parameters: TypeAlias = dict[str, str | int | None]

_ADD_NODE = """
    INSERT INTO node (id, kind, project, seq) VALUES (?, ?, ?, ?)
    ON CONFLICT DO NOTHING RETURNING key
"""

_KEY = "SELECT key FROM node WHERE id = ?"

_FIRST_ATTRIBUTE = (
    "INSERT INTO attribute (node, name, seq, value) VALUES (:node, :name, :seq, :value)"
)

_END_ATTRIBUTE = """
    UPDATE attribute SET until = :seq
    WHERE node = :node AND name = :name AND until IS NULL AND value IS NOT :value
"""

_BEGIN_ATTRIBUTE = """
    INSERT INTO attribute (node, name, seq, value)
    SELECT :node, :name, :seq, :value
    WHERE :value IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM attribute WHERE node = :node AND name = :name AND until IS NULL)
"""

_ADD_EDGE = """
    INSERT OR IGNORE INTO edge (source, type, target, role, facet, seq)
    SELECT s.key, :type, t.key, :role, :facet, :seq
    FROM node AS s, node AS t WHERE s.id = :source AND t.id = :target
"""


class SqliteGraph:
    """A ``GraphStore`` in the file ``path``, which is made when it is not there. Thread-safe.

    Raises ``BackendError`` when the file cannot be opened.
    """

    name = "graph"

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path)
        self._connections.prepare(lambda db: schema.prepare(db, self.name))

    def cursor(self) -> Cursor:
        with self._connections.reading() as db:
            return self._cursor(db)

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        with self._connections.writing() as db:
            stands = self._cursor(db)
            if stands != old:
                raise StaleError(
                    f"The graph stands at {stands.size}, not at {old.size}.",
                    hint="Read the cursor and catch up from there.",
                )
            for entry in entries:
                _write(db, mutations(entry), entry.seq)
            db.execute(
                "UPDATE cursor SET size = ?, edge = ? WHERE name = ?",
                (new.size, b"".join(new.edge), self.name),
            )

    def reset(self) -> None:
        with self._connections.writing() as db:
            schema.drop_tables(db)
            schema.create_tables(db, self.name)

    def close(self) -> None:
        self._connections.close()

    def nodes(
        self,
        ids: Collection[str],
        *,
        names: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, Node]:
        with self._connections.reading() as db:
            return reads.nodes(db, ids, as_of, names)

    def find(self, query: NodeQuery, *, as_of: int | None = None) -> Sequence[Node]:
        with self._connections.reading() as db:
            return reads.find(db, query, as_of)

    def find_ids(
        self, query: NodeQuery, *, order: Sequence[Order] = (), as_of: int | None = None
    ) -> Sequence[str]:
        with self._connections.reading() as db:
            return ordered.find_ids(db, query, order, as_of)

    def count(self, query: NodeQuery, *, as_of: int | None = None) -> int:
        with self._connections.reading() as db:
            return reads.count(db, query, as_of)

    def outgoing(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        with self._connections.reading() as db:
            return reads.outgoing(db, ids, types, as_of)

    def incoming(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        with self._connections.reading() as db:
            return reads.incoming(db, ids, types, as_of)

    def closure(
        self,
        roots: Collection[str],
        *,
        direction: Direction,
        types: Collection[EdgeType],
        depth: int | None = None,
        limit: int | None = None,
        as_of: int | None = None,
    ) -> Subgraph:
        with self._connections.reading() as db:
            return closure.closure(db, roots, direction, types, depth, limit, as_of)

    def reachable(
        self,
        roots: Collection[str],
        *,
        direction: Direction,
        types: Collection[EdgeType],
        as_of: int | None = None,
    ) -> frozenset[str]:
        with self._connections.reading() as db:
            return closure.reachable(db, roots, direction, types, as_of)

    def history(self, node: str) -> Sequence[AttributeChange]:
        with self._connections.reading() as db:
            return reads.history(db, node)

    def dump(self) -> Iterator[bytes]:
        with self._connections.reading() as db:
            yield from dump.lines(db)

    def _cursor(self, db: sqlite3.Connection) -> Cursor:
        row = db.execute("SELECT size, edge FROM cursor WHERE name = ?", (self.name,)).fetchone()
        size, edge = row
        parts = range(0, len(edge), _HASH_BYTES)
        return Cursor(size, tuple(edge[at : at + _HASH_BYTES] for at in parts))


def _write(db: sqlite3.Connection, said: Sequence[Mutation], seq: int) -> None:
    """Write what one entry says: nodes, then the last word on each attribute, then edges."""
    keys: dict[str, int | None] = {}
    fresh: set[str] = set()
    for one in said:
        if isinstance(one, AddNode):
            row = db.execute(_ADD_NODE, (one.id, one.kind.value, one.project, seq)).fetchone()
            if row:
                keys[one.id] = row[0]
                fresh.add(one.id)
    last = {
        (one.node, one.name): one for one in said if isinstance(one, SetAttribute | UnsetAttribute)
    }
    first: list[_Parameters] = []
    later: list[_Parameters] = []
    for (node, name), change in last.items():
        if node not in keys:
            row = db.execute(_KEY, (node,)).fetchone()
            keys[node] = row[0] if row else None
        value = change.value if isinstance(change, SetAttribute) else None
        found: _Parameters = {"node": keys[node], "name": name, "seq": seq, "value": value}
        if node not in fresh:
            later.append(found)
        elif value is not None:
            first.append(found)
    edges = [
        {
            "source": one.source,
            "type": one.type.value,
            "target": one.target,
            "role": one.role,
            "facet": one.facet,
            "seq": seq,
        }
        for one in said
        if isinstance(one, AddEdge)
    ]
    known = [one for one in later if one["node"] is not None]
    db.executemany(_FIRST_ATTRIBUTE, first)
    db.executemany(_END_ATTRIBUTE, known)
    db.executemany(_BEGIN_ATTRIBUTE, known)
    db.executemany(_ADD_EDGE, edges)
