"""Nodes, edges and histories out of the database. ``as_of`` is a filter on seq and until."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from graph.model import AttributeChange, Edge, EdgeType, Node, NodeKind
from graph.neo4j.conditions import VISIBLE, clause_cypher
from graph.neo4j.connection import AnyTransaction, run
from graph.neo4j.rare import rarest
from graph.neo4j.text import clamped, order_key
from graph.port import NodeQuery

_ROW: Final = (
    "[n.id, [label IN labels(n) WHERE label <> 'Entity'][0], n.project, n.seq,"
    f" [(n)-[:HAS]->(a:Attribute) WHERE {VISIBLE} | [a.name, a.value]]]"
)

_NODES: Final = f"""
    UNWIND $ids AS id
    MATCH (n:Entity {{{{id: id}}}}) WHERE n.seq < $as_of
    RETURN collect({_ROW.replace(VISIBLE, VISIBLE + "{named}")})
"""

_EDGES: Final = """
    UNWIND $ids AS id
    MATCH ({end}:Entity {{id: id}}) MATCH (s)-[e:{types}]->(t:Entity) WHERE e.seq < $as_of
    RETURN collect([s.id, type(e), t.id, e.role, e.facet, e.seq])
"""

_HISTORY: Final = """
    MATCH (:Entity {id: $id})-[:HAS]->(a:Attribute)
    RETURN collect([a.name, a.value, a.seq, a.until])
"""

ID_ORDER: Final = "coalesce(n.order, n.id)"


def nodes(
    tx: AnyTransaction, ids: Collection[str], as_of: int, names: Collection[str] | None = None
) -> dict[str, Node]:
    """``GraphReader.nodes``."""
    cypher = _NODES.format(named="" if names is None else " AND a.name IN $names")
    given = {"ids": list(dict.fromkeys(ids)), "names": list(names or ())}
    return {row[0]: _node(row) for row in run(tx, cypher, as_of=clamped(as_of), **given)}


def find(tx: AnyTransaction, query: NodeQuery, as_of: int) -> list[Node]:
    """``GraphReader.find``."""
    match, parameters = match_cypher(query, as_of, rarest(tx, query))
    if query.after is not None:
        beyond = "<" if query.descending else ">"
        match += f" AND (n.seq {beyond} $seq OR n.seq = $seq AND {ID_ORDER} {beyond} $id)"
        parameters |= {"seq": clamped(query.after[0]), "id": order_key(query.after[1])}
    way = "DESC" if query.descending else "ASC"
    # With the project in front the order is that of the index: whatever is beyond the limit is
    # not looked at.
    page = f" ORDER BY n.project {way}, n.seq {way}, {ID_ORDER} {way}"
    if query.limit is not None:
        page += " LIMIT $limit"
        parameters["limit"] = clamped(query.limit)
    cypher = f"{match} WITH n{page} RETURN collect({_ROW})"
    return [_node(row) for row in run(tx, cypher, **parameters)]


def count(tx: AnyTransaction, query: NodeQuery, as_of: int) -> int:
    """``GraphReader.count``."""
    match, parameters = match_cypher(query, as_of, rarest(tx, query))
    cypher = f"{match} RETURN [count(n)]"
    return int(run(tx, cypher, **parameters)[0])


def outgoing(
    tx: AnyTransaction, ids: Collection[str], types: Collection[EdgeType] | None, as_of: int
) -> dict[str, tuple[Edge, ...]]:
    """``GraphReader.outgoing``."""
    found: dict[str, list[Edge]] = {id_: [] for id_ in ids}
    for edge in edges(tx, "s", ids, types, as_of):
        found[edge.source].append(edge)
    return {id_: tuple(found[id_]) for id_ in found}


def incoming(
    tx: AnyTransaction, ids: Collection[str], types: Collection[EdgeType] | None, as_of: int
) -> dict[str, tuple[Edge, ...]]:
    """``GraphReader.incoming``."""
    found: dict[str, list[Edge]] = {id_: [] for id_ in ids}
    for edge in edges(tx, "t", ids, types, as_of):
        found[edge.target].append(edge)
    return {id_: tuple(found[id_]) for id_ in found}


def history(tx: AnyTransaction, node: str) -> list[AttributeChange]:
    """``GraphReader.history``."""
    changes = [AttributeChange(*row) for row in run(tx, _HISTORY, id=node)]
    return sorted(changes, key=lambda change: (change.name, change.seq))


def edges(
    tx: AnyTransaction,
    end: str,
    ids: Collection[str],
    types: Collection[EdgeType] | None,
    as_of: int,
) -> list[Edge]:
    """Edges whose end (``s``ource or ``t``arget) is in ``ids``, ordered."""
    wanted = sorted(EdgeType if types is None else {EdgeType(type_) for type_ in types})
    if not wanted or not ids:
        return []
    cypher = _EDGES.format(end=end, types="|".join(type_.value for type_ in wanted))
    rows = run(tx, cypher, ids=list(dict.fromkeys(ids)), as_of=clamped(as_of))
    return [Edge(row[0], EdgeType(row[1]), *row[2:]) for row in sorted(rows)]


def match_cypher(
    query: NodeQuery, as_of: int, few: Sequence[str] | None
) -> tuple[str, dict[str, Any]]:
    """The nodes ``n`` that ``query`` describes, but for its order and limit, and the parameters.

    ``few`` are the ids of all that can fit, where that is known.
    """
    where, parameters = where_cypher(query, as_of)
    if few is None:
        return f"MATCH (n:{query.kind.value}) WHERE {where}", parameters
    match = f"UNWIND $few AS id MATCH (n:Entity {{id: id}}) WHERE n:{query.kind.value}"
    return f"{match} AND {where}", {**parameters, "few": list(few)}


def where_cypher(query: NodeQuery, as_of: int) -> tuple[str, dict[str, Any]]:
    """What ``query`` asks of the node ``n``, and the parameters."""
    tests = ["n.project = $project AND n.seq < $as_of"]
    parameters: dict[str, Any] = {"project": query.project, "as_of": clamped(as_of)}
    tests += [clause_cypher(clause, parameters) for clause in query.conditions]
    return " AND ".join(tests), parameters


def _node(row: list[Any]) -> Node:
    id_, kind, project, seq, attributes = row
    return Node(id_, NodeKind(kind), project, seq, dict(sorted(attributes)))
