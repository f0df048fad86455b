"""Rare values: where the index on values says that few nodes can satisfy a query."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph.clause import AllOf, AnyOf, Clause, Not
from graph.neo4j.connection import AnyTransaction, run
from graph.neo4j.text import clamped, looked_up
from graph.port import Among, Condition, NodeQuery, NodeStatement, Operand, Operator

_RARE: Final = 500
"""Conditions that at most this many values satisfy decide how the nodes are found."""

_HELD: Final = "MATCH (a:Attribute {name: $name}) WHERE "
_COUNT: Final = " WITH a LIMIT $most RETURN [count(a)]"
_NODES: Final = " MATCH (n:Entity)-[:HAS]->(a) RETURN collect(DISTINCT n.id)"
_COMPARED: Final = frozenset({Operator.EQ, Operator.LT, Operator.LE, Operator.GT, Operator.GE})


@dataclass(frozen=True, slots=True)
class _Found:
    """Look-ups in the index: what they find may satisfy a clause, and nothing else does."""

    count: int
    """Of the values that they find, whenever they were held."""
    tests: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Conditions on the attribute ``a``, each with its parameters."""
    ids: tuple[str, ...] = ()


def rarest(tx: AnyTransaction, query: NodeQuery) -> list[str] | None:
    """Ids of the few nodes that can satisfy ``query``; None when no index says so."""
    found = _rare(tx, AllOf(query.conditions))
    if found is None:
        return None
    ids = set(found.ids)
    for test, parameters in found.tests:
        ids.update(run(tx, _HELD + test + _NODES, **parameters))
    return sorted(ids)


def _rare(tx: AnyTransaction, clause: Clause[NodeStatement]) -> _Found | None:
    if isinstance(clause, AllOf):
        parts = [found for part in clause.parts if (found := _rare(tx, part))]
        return min(parts, key=lambda found: found.count, default=None)
    if isinstance(clause, AnyOf):
        return _either(tx, clause)
    if isinstance(clause, Among):
        return _Found(len(clause.ids), ids=clause.ids)
    return None if isinstance(clause, Not) else _looked_up(tx, clause)


def _either(tx: AnyTransaction, clause: AnyOf[NodeStatement]) -> _Found | None:
    either = _Found(0)
    for part in clause.parts:
        found = _rare(tx, part)
        if found is None or either.count + found.count > _RARE:
            return None
        either = _Found(
            either.count + found.count, either.tests + found.tests, either.ids + found.ids
        )
    return either if clause.parts else None


def _looked_up(tx: AnyTransaction, condition: Condition) -> _Found | None:
    operand, operator = condition.operand, condition.operator
    value: object
    if isinstance(operand, int) and operator in _COMPARED:
        test, value = f"a.short {operator.value} $value", clamped(operand)
    elif operator is Operator.EQ and _is_indexed(operand):
        test, value = "a.short = $value", operand
    elif operator is Operator.IN and isinstance(operand, tuple) and all(map(_is_indexed, operand)):
        test, value = "a.short IN $value", list(operand)
    else:
        return None
    parameters: dict[str, Any] = {"name": condition.attribute, "value": value}
    (count,) = run(tx, _HELD + test + _COUNT, most=_RARE + 1, **parameters)
    return None if count > _RARE else _Found(count, ((test, parameters),))


def _is_indexed(operand: Operand) -> bool:
    return isinstance(operand, str) and looked_up(operand) is not None
