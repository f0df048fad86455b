"""Rare values: where the indexes on values say that few nodes can satisfy a query."""

import json
import sqlite3
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from graph.clause import AllOf
from graph.port import Among, NodeQuery, NodeStatement, Operator
from graph.rare import COMPARED, INDEXED_LENGTH, Rare, is_indexed
from graph.rare import rarest as rarest_of
from graph.sqlite.conditions import Parameter, clamped

_RARE: Final = 2_000
"""Conditions that at most this many values satisfy decide how the nodes are found."""

_SHORT: Final = f"typeof(value) = 'text' AND length(value) <= {INDEXED_LENGTH}"
_INTEGER: Final = "typeof(value) = 'integer'"
_AMONG: Final = "SELECT key FROM node WHERE id IN (SELECT value FROM json_each(?))"
_COUNT: Final = "SELECT count(*) FROM (SELECT 1 FROM attribute WHERE {test} LIMIT ?)"

_Lookup: TypeAlias = tuple[str, tuple[Parameter, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """A look-up in an index: SQL that finds the nodes that may satisfy a clause; no others do."""

    sql: str
    parameters: tuple[Parameter, ...]


def rarest(db: sqlite3.Connection, query: NodeQuery) -> Found | None:
    """How an index finds the few nodes that can satisfy the query; None when no index says so.

    Its SQL is a condition on the node ``n``, to be put before those of the query.
    """
    found = rarest_of(AllOf(query.conditions), partial(_looked_up, db), most=_RARE)
    if found is None:
        return None
    sql = " UNION ALL ".join(text for text, _ in found.lookups)
    parameters = tuple(each for _, given in found.lookups for each in given)
    return Found(f"n.key IN ({sql})", parameters)


def _looked_up(db: sqlite3.Connection, leaf: NodeStatement) -> Rare[_Lookup] | None:
    if isinstance(leaf, Among):
        return Rare(len(leaf.ids), ((_AMONG, (json.dumps(leaf.ids),)),))
    operand, operator = leaf.operand, leaf.operator
    value: Parameter
    if isinstance(operand, int) and operator in COMPARED:
        test, value = f"value {operator.value} ? AND {_INTEGER}", clamped(operand)
    elif operator is Operator.EQ and is_indexed(operand):
        test, value = f"value = ? AND {_SHORT}", str(operand)
    elif operator is Operator.IN and isinstance(operand, tuple) and all(map(is_indexed, operand)):
        test = f"value IN (SELECT value FROM json_each(?)) AND {_SHORT}"
        value = json.dumps(operand)
    else:
        return None
    test = f"name = ? AND {test}"
    parameters = (leaf.attribute, value)
    (count,) = db.execute(_COUNT.format(test=test), (*parameters, _RARE + 1)).fetchone()
    if count > _RARE:
        return None
    return Rare(count, ((f"SELECT node FROM attribute WHERE {test}", parameters),))
