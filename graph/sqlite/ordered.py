"""Ids in the order of attributes, read from the indexes on values wherever these help.

Two roads: rare values find the few candidates, which are then sorted; else the nodes are walked in
the order of the first attribute until the limit is reached.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph.clause import AllOf, AnyOf, Clause, Not
from graph.port import Condition, NodeQuery, Operand, Operator, Order
from graph.sqlite.conditions import Parameter, clamped
from graph.sqlite.reads import position, where_sql

_INDEXED_LENGTH: Final = 256
"""Characters of the longest text in the index ``attribute_text``."""
_RARE: Final = 2_000
"""Conditions that at most this many values satisfy decide how the nodes are found."""

_HELD: Final = "{a}.seq < ? AND ({a}.until IS NULL OR {a}.until >= ?)"
_SHORT: Final = f"typeof(value) = 'text' AND length(value) <= {_INDEXED_LENGTH}"
_INTEGER: Final = "typeof(value) = 'integer'"
_COUNT: Final = "SELECT count(*) FROM (SELECT 1 FROM attribute WHERE {test} LIMIT ?)"
_COMPARED: Final = frozenset({Operator.EQ, Operator.LT, Operator.LE, Operator.GT, Operator.GE})


@dataclass(frozen=True, slots=True)
class _Found:
    """A look-up in an index: SQL for the keys of nodes that may satisfy a clause, no other does."""

    count: int
    """Of the values that it finds, whenever they were held."""
    sql: str
    parameters: tuple[Parameter, ...]


def find_ids(
    db: sqlite3.Connection, query: NodeQuery, order: Sequence[Order], as_of: int | None
) -> list[str]:
    """``GraphReader.find_ids``."""
    where, parameters = where_sql(query, as_of)
    if query.ids is None:
        rare = _rare(db, AllOf(query.conditions))
        if rare is not None:
            where = f"n.key IN ({rare.sql}) AND {where}"
            parameters = [*rare.parameters, *parameters]
        elif query.limit is not None and order:
            return _walked(db, query, order, as_of, clamped(query.limit))
    return _sorted(db, where, parameters, order, as_of, query.limit)


def _rare(db: sqlite3.Connection, clause: Clause[Condition]) -> _Found | None:
    """How the index finds what satisfies ``clause``, if that is little."""
    if isinstance(clause, AllOf):
        parts = [found for part in clause.parts if (found := _rare(db, part))]
        return min(parts, key=lambda found: found.count, default=None)
    if isinstance(clause, AnyOf):
        return _either(db, clause)
    return None if isinstance(clause, Not) else _looked_up(db, clause)


def _either(db: sqlite3.Connection, clause: AnyOf[Condition]) -> _Found | None:
    count = 0
    texts: list[str] = []
    parameters: list[Parameter] = []
    for part in clause.parts:
        found = _rare(db, part)
        if found is None or count + found.count > _RARE:
            return None
        count += found.count
        texts.append(found.sql)
        parameters += found.parameters
    return _Found(count, " UNION ALL ".join(texts), tuple(parameters)) if texts else None


def _looked_up(db: sqlite3.Connection, condition: Condition) -> _Found | None:
    operand, operator = condition.operand, condition.operator
    value: Parameter
    if isinstance(operand, int) and operator in _COMPARED:
        test, value = f"value {operator.value} ? AND {_INTEGER}", clamped(operand)
    elif operator is Operator.EQ and _is_indexed(operand):
        test, value = f"value = ? AND {_SHORT}", str(operand)
    elif operator is Operator.IN and isinstance(operand, tuple) and all(map(_is_indexed, operand)):
        test = f"value IN (SELECT value FROM json_each(?)) AND {_SHORT}"
        value = json.dumps(operand)
    else:
        return None
    test = f"name = ? AND {test}"
    parameters = (condition.attribute, value)
    (count,) = db.execute(_COUNT.format(test=test), (*parameters, _RARE + 1)).fetchone()
    if count > _RARE:
        return None
    return _Found(count, f"SELECT node FROM attribute WHERE {test}", parameters)


def _is_indexed(operand: Operand) -> bool:
    return isinstance(operand, str) and len(operand) <= _INDEXED_LENGTH


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
