"""Conditions on attributes as Cypher. Operators choose the text; all values are parameters."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from graph.neo4j.text import clamped, like_regex, order_key
from graph.port import Condition, Operand, Operator

VISIBLE: Final = "a.seq < $as_of AND (a.until IS NULL OR a.until >= $as_of)"
"""The attribute ``a`` holds at the asked position."""

_HAS: Final = "EXISTS {{ (n)-[:HAS]->(a:Attribute {{name: ${name}}}) WHERE {visible} AND {test} }}"

_Value: TypeAlias = str | int | list[str | int] | None
_Test: TypeAlias = tuple[str, _Value]


def condition_cypher(condition: Condition, index: int) -> tuple[str, dict[str, _Value]]:
    """A boolean Cypher expression over the node ``n``, and its parameters, numbered ``index``."""
    name, value = f"name{index}", f"value{index}"
    if condition.operator is Operator.IS_NULL:
        test = _HAS.format(name=name, visible=VISIBLE, test="true")
        return f"NOT {test}", {name: condition.attribute}
    test, parameter = _TESTS[condition.operator](condition.operand)
    text = _HAS.format(name=name, visible=VISIBLE, test=test.replace("$value", f"${value}"))
    return text, {name: condition.attribute, value: parameter}


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
