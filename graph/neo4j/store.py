"""The Neo4j adapter: the cursor, the one writer, and the reads of the sibling modules."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from neo4j import Transaction
from neo4j.exceptions import DriverError

from domain.errors import StaleError
from graph.model import AttributeChange, Edge, EdgeType, Node
from graph.neo4j import closure, dump, ordered, reads, schema
from graph.neo4j.batch import Batch, Changes, Known
from graph.neo4j.connection import AnyTransaction, Connection, run
from graph.port import Direction, NodeQuery, Order, Subgraph
from ledger.entry import Entry
from ledger.projection import Cursor

_LOCK_CURSOR = "MATCH (c:Cursor {name: $name}) SET c.name = c.name"
"""Takes the node's write lock: Neo4j would otherwise test the old size before it waits for it."""

_MOVE_CURSOR = """
    MATCH (c:Cursor {name: $name})
    WHERE c.size = $old_size AND c.edge = $old_edge AND c.version = $version
    SET c.size = $size, c.edge = $edge
    RETURN [c.size]
"""

_KNOWN = """
    UNWIND $rows AS row
    MATCH (n:Entity {id: row.id})
    WITH n, [(n)-[:HAS]->(a:Attribute) WHERE a.until IS NULL AND a.name IN row.names
             | [a.name, a.value]] AS held
    RETURN collect([n.id, n.seq, held])
"""

_ADD_NODES = """
    UNWIND $rows AS row
    CREATE (n:Entity:{kind} {{id: row.id, project: row.project, seq: row.seq, order: row.order}})
"""

_END_ATTRIBUTES = """
    UNWIND $rows AS row
    MATCH (:Entity {id: row.node})-[:HAS]->(a:Attribute {name: row.name})
    WHERE a.until IS NULL
    SET a.until = row.until
"""

_BEGIN_ATTRIBUTES = """
    UNWIND $rows AS row
    MATCH (n:Entity {id: row.node})
    CREATE (n)-[:HAS]->(a:Attribute)
    SET a = row.properties
"""

_SET_CURRENT = "UNWIND $rows AS row MATCH (n:Entity {id: row.node}) SET n += row.values"

_ADD_EDGES = """
    UNWIND $rows AS row
    MATCH (s:Entity {{id: row.source}})
    MATCH (t:Entity {{id: row.target}})
    MERGE (s)-[e:{type} {{role: row.role}}]->(t)
    ON CREATE SET e.facet = row.facet, e.seq = row.seq
"""


class Neo4jGraph:
    """A ``GraphStore`` in the Neo4j database at ``url`` (``bolt://…``, ``neo4j://…``). Thread-safe.

    Constraints, indexes and the cursor are made when they are not there. Raises ``BackendError``
    when the server cannot be reached.
    """

    name = "graph"

    def __init__(
        self, url: str, *, auth: tuple[str, str] | None = None, database: str | None = None
    ) -> None:
        self._connection = Connection(url, auth, database)
        try:
            schema.prepare(self._connection, self.name)
        except BaseException:
            self._connection.close()
            raise

    def cursor(self) -> Cursor:
        return self._connection.read(self._cursor)

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        batch = Batch(entries)
        with self._connection.writing() as tx:
            self._move_cursor(tx, old, new)
            _write(tx, batch.changes(_known(tx, batch)))
            try:
                tx.commit()
            except DriverError:
                # The connection broke before the answer came: only the cursor knows the outcome.
                if self.cursor() != new:
                    raise

    def reset(self) -> None:
        schema.empty(self._connection, self.name)

    def close(self) -> None:
        self._connection.close()

    def nodes(
        self,
        ids: Collection[str],
        *,
        names: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, Node]:
        return self._connection.read(
            lambda tx: reads.nodes(tx, ids, self._position(tx, as_of), names)
        )

    def find(self, query: NodeQuery, *, as_of: int | None = None) -> Sequence[Node]:
        return self._connection.read(lambda tx: reads.find(tx, query, self._position(tx, as_of)))

    def find_ids(
        self, query: NodeQuery, *, order: Sequence[Order] = (), as_of: int | None = None
    ) -> Sequence[str]:
        return self._connection.read(
            lambda tx: ordered.find_ids(tx, query, order, self._position(tx, as_of))
        )

    def count(self, query: NodeQuery, *, as_of: int | None = None) -> int:
        return self._connection.read(lambda tx: reads.count(tx, query, self._position(tx, as_of)))

    def outgoing(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        return self._connection.read(
            lambda tx: reads.outgoing(tx, ids, types, self._position(tx, as_of))
        )

    def incoming(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        return self._connection.read(
            lambda tx: reads.incoming(tx, ids, types, self._position(tx, as_of))
        )

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
        return self._connection.read(
            lambda tx: closure.closure(
                tx, roots, direction, types, depth, limit, self._position(tx, as_of)
            )
        )

    def reachable(
        self,
        roots: Collection[str],
        *,
        direction: Direction,
        types: Collection[EdgeType],
        as_of: int | None = None,
    ) -> frozenset[str]:
        return self._connection.read(
            lambda tx: closure.reachable(tx, roots, direction, types, self._position(tx, as_of))
        )

    def history(self, node: str) -> Sequence[AttributeChange]:
        return self._connection.read(lambda tx: reads.history(tx, node))

    def dump(self) -> Iterator[bytes]:
        return iter(self._connection.read(dump.lines))

    def _cursor(self, tx: AnyTransaction) -> Cursor:
        row = run(tx, "MATCH (c:Cursor {name: $name}) RETURN [c.size, c.edge]", name=self.name)
        size, edge = row or (0, "")
        return Cursor(size, tuple(bytes.fromhex(root) for root in edge.split()))

    def _position(self, tx: AnyTransaction, as_of: int | None) -> int:
        """The position that a read sees. Neo4j isolates no statements from other commits, so even
        "now" is read once and is a past position from then on."""
        return self._cursor(tx).size if as_of is None else as_of

    def _move_cursor(self, tx: Transaction, old: Cursor, new: Cursor) -> None:
        tx.run(_LOCK_CURSOR, name=self.name).consume()
        moved = run(
            tx,
            _MOVE_CURSOR,
            name=self.name,
            version=schema.VERSION,
            old_size=old.size,
            old_edge=_edge_text(old),
            size=new.size,
            edge=_edge_text(new),
        )
        if not moved:
            raise StaleError(
                f"The graph does not stand at {old.size}.",
                hint="Read the cursor and catch up from there.",
            )


def _edge_text(cursor: Cursor) -> str:
    return " ".join(root.hex() for root in cursor.edge)


def _known(tx: Transaction, batch: Batch) -> Known:
    """What stands of the nodes and attributes that ``batch`` speaks of."""
    rows = [{"id": node, "names": names} for node, names in batch.touched().items()]
    known = Known({}, {})
    for node, seq, held in run(tx, _KNOWN, rows=rows):
        known.seqs[node] = seq
        known.values.update({(node, name): value for name, value in held})
    return known


def _write(tx: Transaction, changes: Changes) -> None:
    """Write the rows of ``changes``; labels and types come from the enums."""
    for kind, rows in changes.nodes.items():
        _unwind(tx, _ADD_NODES.format(kind=kind.value), rows)
    _unwind(tx, _END_ATTRIBUTES, changes.ended)
    _unwind(tx, _BEGIN_ATTRIBUTES, changes.begun)
    _unwind(tx, _SET_CURRENT, changes.current)
    for type_, rows in changes.edges.items():
        _unwind(tx, _ADD_EDGES.format(type=type_.value), rows)


def _unwind(tx: Transaction, query: str, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        run(tx, query + " RETURN collect(NULL)", rows=rows)
