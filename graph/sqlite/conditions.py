"""Conditions on attributes as SQL. Operators choose the text; all values are parameters."""

import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from graph.clause import AllOf, AnyOf, Clause, Not
from graph.model import AttributeValue
from graph.port import Among, Condition, NodeStatement, Operand, Operator

Parameter: TypeAlias = str | int | None

_EMPTY: Final = {AllOf: "TRUE", AnyOf: "FALSE"}

MAX_INTEGER: Final = 2**63 - 1
"""Largest integer of SQLite; also the position that is past every entry."""

_MISSING: Final = (
    "NOT EXISTS (SELECT 1 FROM attribute AS a WHERE a.node = n.key AND a.name = ?"
    " AND a.seq < ? AND (a.until IS NULL OR a.until >= ?))"
)
_PRESENT: Final = (
    "EXISTS (SELECT 1 FROM attribute AS a WHERE a.node = n.key AND a.name = ?"
    " AND a.seq < ? AND (a.until IS NULL OR a.until >= ?) AND {test})"
)


def clause_sql(clause: Clause[NodeStatement], as_of: int) -> tuple[str, list[Parameter]]:
    """A boolean SQL expression over the node ``n``, never NULL, and its parameters in order."""
    if isinstance(clause, AllOf | AnyOf):
        texts: list[str] = []
        parameters: list[Parameter] = []
        for part in clause.parts:
            text, values = clause_sql(part, as_of)
            texts.append(text)
            parameters += values
        joined = (" AND " if isinstance(clause, AllOf) else " OR ").join(texts)
        return f"({joined})" if joined else _EMPTY[type(clause)], parameters
    if isinstance(clause, Not):
        text, parameters = clause_sql(clause.leaf, as_of)
        return f"NOT {text}", parameters
    if isinstance(clause, Among):
        return "n.id IN (SELECT value FROM json_each(?))", [json.dumps(clause.ids)]
    return _condition_sql(clause, as_of)


def _condition_sql(condition: Condition, as_of: int) -> tuple[str, list[Parameter]]:
    where: list[Parameter] = [condition.attribute, as_of, as_of]
    if condition.operator is Operator.IS_NULL:
        return _MISSING, where
    test, parameters = _TESTS[condition.operator](condition.operand)
    return _PRESENT.format(test=test), where + parameters


def clamped(number: int) -> int:
    """``number`` within SQLite's integers; stored ones lie far inside, so no comparison changes."""
    return max(-MAX_INTEGER, min(MAX_INTEGER, number))


_Test: TypeAlias = tuple[str, list[Parameter]]


def _scalar(operand: Operand) -> Parameter:
    """The operand as a parameter; NULL, which nothing equals, when it is no single value."""
    if isinstance(operand, int):
        return clamped(operand)
    return operand if isinstance(operand, str) else None


def _equal(operand: Operand) -> _Test:
    return "a.value = ?", [_scalar(operand)]


def _unequal(operand: Operand) -> _Test:
    return "a.value IS NOT ?", [_scalar(operand)]


def _ordered(operator: Operator) -> Callable[[Operand], _Test]:
    def test(operand: Operand) -> _Test:
        value = _scalar(operand)
        return f"typeof(a.value) = typeof(?) AND a.value {operator.value} ?", [value, value]

    return test


def _like(operand: Operand) -> _Test:
    """GLOB, since SQLite's LIKE knows no case."""
    pattern = None
    if isinstance(operand, str):
        pattern = "".join(_GLOB.get(character, character) for character in operand)
    return "typeof(a.value) = 'text' AND a.value GLOB ?", [pattern]


def _ilike(operand: Operand) -> _Test:
    pattern = operand if isinstance(operand, str) else None
    return "typeof(a.value) = 'text' AND a.value LIKE ?", [pattern]


def _in(operand: Operand) -> _Test:
    return "a.value IN (SELECT value FROM json_each(?))", [_list(operand)]


def _not_in(operand: Operand) -> _Test:
    return "a.value NOT IN (SELECT value FROM json_each(?))", [_list(operand)]


def _present(_operand: Operand) -> _Test:
    return "TRUE", []


def _list(operand: Operand) -> str:
    items: tuple[AttributeValue, ...] = operand if isinstance(operand, tuple) else ()
    return json.dumps([_scalar(item) for item in items])


_GLOB: Final[Mapping[str, str]] = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}

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
