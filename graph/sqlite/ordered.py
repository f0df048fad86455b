"""Ids in the order of attributes, read from the indexes on values wherever these help.

Two roads: rare values find the few candidates, which are then sorted; else the nodes are walked in
the order of the first attribute until the limit is reached.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from graph.port import NodeQuery, Order
from graph.sqlite.conditions import Parameter, clamped
from graph.sqlite.rare import rarest
from graph.sqlite.reads import position, where_sql

_HELD: Final = "{a}.seq < ? AND ({a}.until IS NULL OR {a}.until >= ?)"


def find_ids(
    db: sqlite3.Connection, query: NodeQuery, order: Sequence[Order], as_of: int | None
) -> list[str]:
    """``GraphReader.find_ids``."""
    rare = rarest(db, query)
    if rare is None and query.limit is not None and order:
        return _walked(db, query, order, as_of, clamped(query.limit))
    where, parameters = where_sql(query, as_of, rare)
    return _sorted(db, where, parameters, order, as_of, query.limit)


def _walked(
    db: sqlite3.Connection,
    query: NodeQuery,
    order: Sequence[Order],
    as_of: int | None,
    limit: int,
) -> list[str]:
    """Nodes with an integer in the first order's attribute straight from its index, then others."""
    first, at = order[0], position(as_of)
    where, parameters = where_sql(query, as_of)
    joins, values, keys = _joins(order[1:], at)
    way = "DESC" if first.descending else "ASC"
    integer = f"i.name = ? AND typeof(i.value) = 'integer' AND {_HELD.format(a='i')}"
    found = db.execute(
        "SELECT n.id FROM attribute AS i INDEXED BY attribute_integer"
        f" CROSS JOIN node AS n ON n.key = i.node {joins} WHERE {integer} AND {where}"
        f" ORDER BY {', '.join([f'i.value {way}', *keys, 'n.id'])} LIMIT ?",
        [*values, first.attribute, at, at, *parameters, limit],
    ).fetchall()
    if len(found) < limit:
        lacking = f"NOT EXISTS (SELECT 1 FROM attribute AS i WHERE i.node = n.key AND {integer})"
        others = db.execute(
            f"SELECT 1 FROM node AS n WHERE {lacking} AND {where} LIMIT 1",
            [first.attribute, at, at, *parameters],
        )
        if others.fetchone():
            return _sorted(db, where, parameters, order, as_of, limit)
    return [row[0] for row in found]


def _sorted(
    db: sqlite3.Connection,
    where: str,
    parameters: list[Parameter],
    order: Sequence[Order],
    as_of: int | None,
    limit: int | None,
) -> list[str]:
    joins, values, keys = _joins(order, position(as_of))
    rows = db.execute(
        f"SELECT n.id FROM node AS n {joins} WHERE {where}"
        f" ORDER BY {', '.join([*keys, 'n.id'])} LIMIT ?",
        [*values, *parameters, -1 if limit is None else clamped(limit)],
    )
    return [row[0] for row in rows]


def _joins(order: Sequence[Order], at: int) -> tuple[str, list[Parameter], list[str]]:
    """The attributes to order by as joined tables, their parameters, and what to order by."""
    joins: list[str] = []
    parameters: list[Parameter] = []
    keys: list[str] = []
    for index, one in enumerate(order):
        name, way = f"o{index}", "DESC" if one.descending else "ASC"
        held = _HELD.format(a=name)
        joins.append(
            f"LEFT JOIN attribute AS {name} ON {name}.node = n.key AND {name}.name = ? AND {held}"
        )
        parameters += [one.attribute, at, at]
        keys += [f"{name}.value IS NULL", f"typeof({name}.value) = 'text'", f"{name}.value {way}"]
    return " ".join(joins), parameters, keys
