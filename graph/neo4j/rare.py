"""Rare values: where the index on values says that few nodes can satisfy a query."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, TypeAlias

from graph.clause import AllOf
from graph.neo4j.connection import AnyTransaction, run
from graph.neo4j.text import clamped
from graph.port import Among, Condition, NodeQuery, NodeStatement, Operator
from graph.rare import COMPARED, Rare, is_indexed
from graph.rare import rarest as rarest_of

_RARE: Final = 500
"""Conditions that at most this many values satisfy decide how the nodes are found."""

_HELD: Final = "MATCH (a:Attribute {name: $name}) WHERE "
_COUNT: Final = " WITH a LIMIT $most RETURN [count(a)]"
_NODES: Final = " MATCH (n:Entity)-[:HAS]->(a) RETURN collect(DISTINCT n.id)"

_Ids: TypeAlias = Callable[[], Iterable[str]]
"""Asks for the ids of the nodes that a look-up finds."""


def rarest(tx: AnyTransaction, query: NodeQuery) -> list[str] | None:
    """Ids of the few nodes that can satisfy ``query``; None when no index says so."""
    found = rarest_of(AllOf(query.conditions), partial(_looked_up, tx), most=_RARE)
    if found is None:
        return None
    return sorted({id_ for ids in found.lookups for id_ in ids()})


def _looked_up(tx: AnyTransaction, leaf: NodeStatement) -> Rare[_Ids] | None:
    if isinstance(leaf, Among):
        ids = leaf.ids
        return Rare(len(ids), (lambda: ids,))
    found = _test(leaf)
    if found is None:
        return None
    test, value = found
    parameters: dict[str, Any] = {"name": leaf.attribute, "value": value}
    (count,) = run(tx, _HELD + test + _COUNT, most=_RARE + 1, **parameters)
    if count > _RARE:
        return None
    return Rare(count, (lambda: run(tx, _HELD + test + _NODES, **parameters),))


def _test(condition: Condition) -> tuple[str, object] | None:
    """What the condition asks of the index, and the value; None when that is nothing for it."""
    operand, operator = condition.operand, condition.operator
    if isinstance(operand, int) and operator in COMPARED:
        return f"a.short {operator.value} $value", clamped(operand)
    if operator is Operator.EQ and is_indexed(operand):
        return "a.short = $value", operand
    if operator is Operator.IN and isinstance(operand, tuple) and all(map(is_indexed, operand)):
        return "a.short IN $value", list(operand)
    return None
