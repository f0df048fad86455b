"""The SQLite adapter: the cursor, the one writer, and the reads of the sibling modules."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from domain.errors import StaleError
from graph.model import (
    AttributeChange,
    Edge,
    EdgeType,
    Node,
)
from graph.port import Direction, NodeQuery, Order, Subgraph
from graph.projector import mutations
from graph.sqlite import closure, dump, ordered, reads, schema
from graph.sqlite.batch import Batch
from graph.sqlite.connection import Connections
from ledger.entry import Entry
from ledger.projection import Cursor

_HASH_BYTES = 32


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
            batch = Batch(db)
            for entry in entries:
                batch.take(mutations(entry), entry.seq)
            batch.flush()
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
