"""Nodes, edges and histories out of the database. ``as_of`` is a filter on seq and until."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from graph.model import AttributeChange, Edge, EdgeType, Node, NodeKind
from graph.neo4j.conditions import VISIBLE, clause_cypher
from graph.neo4j.connection import AnyTransaction, run
from graph.neo4j.text import clamped, order_key
from graph.port import NodeQuery, Order

_ROW: Final = (
    "[n.id, [label IN labels(n) WHERE label <> 'Entity'][0], n.project, n.seq,"
    f" [(n)-[:HAS]->(a:Attribute) WHERE {VISIBLE} | [a.name, a.value]]]"
)

_NODES: Final = f"""
    UNWIND $ids AS id
    MATCH (n:Entity {{{{id: id}}}}) WHERE n.seq < $as_of
    RETURN collect({_ROW.replace(VISIBLE, VISIBLE + "{named}")})
"""

_ORDERED: Final = "[(n)-[:HAS]->(a:Attribute {{name: $order{index}}}) WHERE {visible} | a][0]"

_EDGES: Final = """
    UNWIND $ids AS id
    MATCH ({end}:Entity {{id: id}}) MATCH (s)-[e:{types}]->(t:Entity) WHERE e.seq < $as_of
    RETURN collect([s.id, type(e), t.id, e.role, e.facet, e.seq])
"""

_HISTORY: Final = """
    MATCH (:Entity {id: $id})-[:HAS]->(a:Attribute)
    RETURN collect([a.name, a.value, a.seq, a.until])
"""

_ID_ORDER: Final = "coalesce(n.order, n.id)"


def nodes(
    tx: AnyTransaction, ids: Collection[str], as_of: int, names: Collection[str] | None = None
) -> dict[str, Node]:
    """``GraphReader.nodes``."""
    cypher = _NODES.format(named="" if names is None else " AND a.name IN $names")
    given = {"ids": list(dict.fromkeys(ids)), "names": list(names or ())}
    return {row[0]: _node(row) for row in run(tx, cypher, as_of=clamped(as_of), **given)}


def find(tx: AnyTransaction, query: NodeQuery, as_of: int) -> list[Node]:
    """``GraphReader.find``."""
    where, parameters = _where(query, as_of)
    if query.after is not None:
        beyond = "<" if query.descending else ">"
        where += f" AND (n.seq {beyond} $seq OR n.seq = $seq AND {_ID_ORDER} {beyond} $id)"
        parameters |= {"seq": clamped(query.after[0]), "id": order_key(query.after[1])}
    way = "DESC" if query.descending else "ASC"
    page = f" ORDER BY n.seq {way}, {_ID_ORDER} {way}"
    if query.limit is not None:
        page += " LIMIT $limit"
        parameters["limit"] = clamped(query.limit)
    cypher = f"MATCH (n:{query.kind.value}) WHERE {where} WITH n{page} RETURN collect({_ROW})"
    return [_node(row) for row in run(tx, cypher, **parameters)]


def find_ids(tx: AnyTransaction, query: NodeQuery, order: Sequence[Order], as_of: int) -> list[str]:
    """``GraphReader.find_ids``."""
    where, parameters = _where(query, as_of)
    values = ["n"]
    keys: list[str] = []
    for index, one in enumerate(order):
        found, way = f"o{index}", "DESC" if one.descending else "ASC"
        values.append(f"{_ORDERED.format(index=index, visible=VISIBLE)} AS {found}")
        keys += [
            f"{found} IS NULL",
            f"{found}.value = toString({found}.value)",
            f"coalesce({found}.order, {found}.value) {way}",
        ]
        parameters[f"order{index}"] = one.attribute
    page = ""
    if query.limit is not None:
        page = " LIMIT $limit"
        parameters["limit"] = clamped(query.limit)
    cypher = (
        f"MATCH (n:{query.kind.value}) WHERE {where} WITH {', '.join(values)}"
        f" ORDER BY {', '.join([*keys, _ID_ORDER])}{page} RETURN collect(n.id)"
    )
    return run(tx, cypher, **parameters)


def count(tx: AnyTransaction, query: NodeQuery, as_of: int) -> int:
    """``GraphReader.count``."""
    where, parameters = _where(query, as_of)
    cypher = f"MATCH (n:{query.kind.value}) WHERE {where} RETURN [count(n)]"
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


def _where(query: NodeQuery, as_of: int) -> tuple[str, dict[str, Any]]:
    tests = ["n.project = $project AND n.seq < $as_of"]
    parameters: dict[str, Any] = {"project": query.project, "as_of": clamped(as_of)}
    tests += [clause_cypher(clause, parameters) for clause in query.conditions]
    return " AND ".join(tests), parameters


def _node(row: list[Any]) -> Node:
    id_, kind, project, seq, attributes = row
    return Node(id_, NodeKind(kind), project, seq, dict(sorted(attributes)))
