"""Ids in the order of attributes, read from the index on values wherever it helps.

Two roads: rare values find the few candidates, which are then sorted; else the nodes are walked in
the order of the first attribute until the limit is reached.
"""

from collections.abc import Sequence
from typing import Any, Final

from graph.neo4j.conditions import VISIBLE, visible
from graph.neo4j.connection import AnyTransaction, run
from graph.neo4j.rare import rarest
from graph.neo4j.reads import ID_ORDER, match_cypher, where_cypher
from graph.neo4j.text import MAX_INTEGER, clamped
from graph.port import NodeQuery, Order

_ATTRIBUTE: Final = "[(n)-[:HAS]->(a:Attribute {{name: $order{index}}}) WHERE {visible} | a][0]"
_WALK: Final = (
    "MATCH (i:Attribute {{name: $first}}) WHERE i.short >= $least AND {visible}"
    " MATCH (n:{kind})-[:HAS]->(i) WHERE {where}"
    " WITH {values} ORDER BY {keys} LIMIT $limit RETURN collect(n.id)"
)
_SORT: Final = "{match} WITH {values} ORDER BY {keys}{page} RETURN collect(n.id)"


def find_ids(tx: AnyTransaction, query: NodeQuery, order: Sequence[Order], as_of: int) -> list[str]:
    """``GraphReader.find_ids``."""
    few = rarest(tx, query)
    if few is None and query.limit is not None and order:
        found = _walked(tx, query, order, as_of, query.limit)
        if len(found) == query.limit:
            return found
    match, parameters = match_cypher(query, as_of, few)
    values, keys, more = _keys(order)
    page = ""
    if query.limit is not None:
        page = " LIMIT $limit"
        more["limit"] = clamped(query.limit)
    cypher = _SORT.format(
        match=match,
        values=", ".join(["n", *values]),
        keys=", ".join([*keys, ID_ORDER]),
        page=page,
    )
    return run(tx, cypher, **parameters, **more)


def _walked(
    tx: AnyTransaction, query: NodeQuery, order: Sequence[Order], as_of: int, limit: int
) -> list[str]:
    """Nodes with an integer in the first order's attribute, straight from its index.

    Integers come first in any order: as many as were asked for are the answer.
    """
    where, parameters = where_cypher(query, as_of)
    values, keys, more = _keys(order[1:])
    way = "DESC" if order[0].descending else "ASC"
    cypher = _WALK.format(
        kind=query.kind.value,
        visible=visible("i"),
        where=where,
        values=", ".join(["n", "i", *values]),
        # With the name in front the order is that of the index.
        keys=", ".join([f"i.name {way}", f"i.short {way}", *keys, ID_ORDER]),
    )
    more |= {"first": order[0].attribute, "least": -MAX_INTEGER, "limit": clamped(limit)}
    return run(tx, cypher, **parameters, **more)


def _keys(order: Sequence[Order]) -> tuple[list[str], list[str], dict[str, Any]]:
    """The attributes to order by, what of them to order by, and the parameters."""
    values: list[str] = []
    keys: list[str] = []
    parameters: dict[str, Any] = {}
    for index, one in enumerate(order):
        found, way = f"o{index}", "DESC" if one.descending else "ASC"
        values.append(f"{_ATTRIBUTE.format(index=index, visible=VISIBLE)} AS {found}")
        keys += [
            f"{found} IS NULL",
            f"{found}.value = toString({found}.value)",
            f"coalesce({found}.order, {found}.value) {way}",
        ]
        parameters[f"order{index}"] = one.attribute
    return values, keys, parameters
