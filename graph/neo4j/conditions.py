"""Conditions on attributes as Cypher. Operators choose the text; all values are parameters."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from graph.clause import AllOf, AnyOf, Clause, Not
from graph.neo4j.text import clamped, like_regex, order_key
from graph.port import Among, Condition, NodeStatement, Operand, Operator


def visible(attribute: str) -> str:
    """That the attribute of this name holds at the asked position."""
    until = f"{attribute}.until"
    return f"{attribute}.seq < $as_of AND ({until} IS NULL OR {until} >= $as_of)"


VISIBLE: Final = visible("a")

_HAS: Final = "EXISTS {{ (n)-[:HAS]->(a:Attribute {{name: ${name}}}) WHERE {visible} AND {test} }}"

_EMPTY: Final = {AllOf: "true", AnyOf: "false"}

_Value: TypeAlias = str | int | list[str | int] | None
_Test: TypeAlias = tuple[str, _Value]


def clause_cypher(clause: Clause[NodeStatement], parameters: dict[str, Any]) -> str:
    """A boolean Cypher expression over the node ``n``, never null.

    Its parameters are added to ``parameters``, each under a name of its own.
    """
    if isinstance(clause, AllOf | AnyOf):
        texts = [clause_cypher(part, parameters) for part in clause.parts]
        joined = (" AND " if isinstance(clause, AllOf) else " OR ").join(texts)
        return f"({joined})" if joined else _EMPTY[type(clause)]
    if isinstance(clause, Not):
        return f"NOT {clause_cypher(clause.leaf, parameters)}"
    if isinstance(clause, Among):
        name = f"ids{len(parameters)}"
        parameters[name] = list(clause.ids)
        return f"(n:Entity AND n.id IN ${name})"
    return _condition_cypher(clause, parameters)


def _condition_cypher(condition: Condition, parameters: dict[str, Any]) -> str:
    name, value = f"name{len(parameters)}", f"value{len(parameters)}"
    parameters[name] = condition.attribute
    if condition.operator is Operator.IS_NULL:
        return f"(NOT {_HAS.format(name=name, visible=VISIBLE, test='true')})"
    test, parameters[value] = _TESTS[condition.operator](condition.operand)
    return _HAS.format(name=name, visible=VISIBLE, test=test.replace("$value", f"${value}"))


def _equal(operand: Operand) -> _Test:
    return "a.value = $value", _scalar(operand)


def _unequal(operand: Operand) -> _Test:
    return "NOT coalesce(a.value = $value, false)", _scalar(operand)


def _ordered(operator: Operator) -> Callable[[Operand], _Test]:
    def test(operand: Operand) -> _Test:
        if isinstance(operand, str):
            return f"coalesce(a.order, a.value) {operator.value} $value", order_key(operand)
        return f"a.value {operator.value} $value", _scalar(operand)

    return test


def _like(operand: Operand) -> _Test:
    pattern = like_regex(operand, ignore_case=False) if isinstance(operand, str) else None
    return "a.value =~ $value", pattern


def _ilike(operand: Operand) -> _Test:
    pattern = like_regex(operand, ignore_case=True) if isinstance(operand, str) else None
    return "a.value =~ $value", pattern


def _in(operand: Operand) -> _Test:
    return "a.value IN $value", _items(operand)


def _not_in(operand: Operand) -> _Test:
    return "NOT a.value IN $value", _items(operand)


def _present(_operand: Operand) -> _Test:
    return "true", None


def _scalar(operand: Operand) -> str | int | None:
    if isinstance(operand, int):
        return clamped(operand)
    return operand if isinstance(operand, str) else None


def _items(operand: Operand) -> list[str | int]:
    if not isinstance(operand, tuple):
        return []
    return [clamped(item) if isinstance(item, int) else item for item in operand]


_TESTS: Final[Mapping[Operator, Callable[[Operand], _Test]]] = {
    Operator.EQ: _equal,
    Operator.NE: _unequal,
    Operator.LT: _ordered(Operator.LT),
    Operator.LE: _ordered(Operator.LE),
    Operator.GT: _ordered(Operator.GT),
    Operator.GE: _ordered(Operator.GE),
    Operator.LIKE: _like,
    Operator.ILIKE: _ilike,
    Operator.IN: _in,
    Operator.NOT_IN: _not_in,
    Operator.IS_NOT_NULL: _present,
}
