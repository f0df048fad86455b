"""Rare values: where the indexes on values say that few nodes can satisfy a query."""

import json
import sqlite3
from dataclasses import dataclass, replace
from typing import Final

from graph.clause import AllOf, AnyOf, Clause, Not
from graph.port import Among, Condition, NodeQuery, NodeStatement, Operand, Operator
from graph.sqlite.conditions import Parameter, clamped

_INDEXED_LENGTH: Final = 256
"""Characters of the longest text in the index ``attribute_text``."""
_RARE: Final = 2_000
"""Conditions that at most this many values satisfy decide how the nodes are found."""

_SHORT: Final = f"typeof(value) = 'text' AND length(value) <= {_INDEXED_LENGTH}"
_INTEGER: Final = "typeof(value) = 'integer'"
_AMONG: Final = "SELECT key FROM node WHERE id IN (SELECT value FROM json_each(?))"
_COUNT: Final = "SELECT count(*) FROM (SELECT 1 FROM attribute WHERE {test} LIMIT ?)"
_COMPARED: Final = frozenset({Operator.EQ, Operator.LT, Operator.LE, Operator.GT, Operator.GE})


@dataclass(frozen=True, slots=True)
class Found:
    """A look-up in an index: SQL that finds the nodes that may satisfy a clause; no others do."""

    count: int
    """Of the values that it finds, whenever they were held."""
    sql: str
    parameters: tuple[Parameter, ...]


def rarest(db: sqlite3.Connection, query: NodeQuery) -> Found | None:
    """How an index finds the few nodes that can satisfy the query; None when no index says so.

    Its SQL is a condition on the node ``n``, to be put before those of the query.
    """
    found = _rare(db, AllOf(query.conditions))
    return None if found is None else replace(found, sql=f"n.key IN ({found.sql})")


def _rare(db: sqlite3.Connection, clause: Clause[NodeStatement]) -> Found | None:
    """How the index finds what satisfies ``clause``, if that is little."""
    if isinstance(clause, AllOf):
        parts = [found for part in clause.parts if (found := _rare(db, part))]
        return min(parts, key=lambda found: found.count, default=None)
    if isinstance(clause, AnyOf):
        return _either(db, clause)
    if isinstance(clause, Among):
        return Found(len(clause.ids), _AMONG, (json.dumps(clause.ids),))
    return None if isinstance(clause, Not) else _looked_up(db, clause)


def _either(db: sqlite3.Connection, clause: AnyOf[NodeStatement]) -> Found | None:
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
    return Found(count, " UNION ALL ".join(texts), tuple(parameters)) if texts else None


def _looked_up(db: sqlite3.Connection, condition: Condition) -> Found | None:
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
    return Found(count, f"SELECT node FROM attribute WHERE {test}", parameters)


def _is_indexed(operand: Operand) -> bool:
    return isinstance(operand, str) and len(operand) <= _INDEXED_LENGTH
