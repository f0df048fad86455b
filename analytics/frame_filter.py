"""A run filter as a Polars expression over a table of runs, one row a run.

The columns are those of ``run_frame``: ``run_id``, the attributes under MLflow's names, and
``params.<key>``, ``tags.<key>`` and ``metrics.<key>`` (the last value), null where a run has none.
A column that the frame lacks is null for every run.
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import Final

import polars as pl

from domain.errors import UsageError
from graph.clause import AllOf, AnyOf, Clause, Not
from graph.filter import (
    DatasetCondition,
    DerivedCondition,
    MetricCondition,
    RunStatement,
    parse_filter,
)
from graph.port import Condition, Operand, Operator

FRAME_NAMES: Final[Mapping[str, str]] = {"name": "run_name", "user": "user_id"}
"""What the frame calls an attribute that the graph calls otherwise."""

_Compare = Callable[[pl.Expr, pl.Expr], pl.Expr]
_COMPARED: Final[Mapping[Operator, _Compare]] = {
    Operator.EQ: lambda column, value: column == value,
    Operator.NE: lambda column, value: column != value,
    Operator.LT: lambda column, value: column < value,
    Operator.LE: lambda column, value: column <= value,
    Operator.GT: lambda column, value: column > value,
    Operator.GE: lambda column, value: column >= value,
}


def run_expression(text: str, columns: Collection[str]) -> pl.Expr:
    """A boolean expression, never null: true for the runs that the search string lets through.

    ``columns`` are the frame's. Raises ``UsageError`` as ``graph.filter.parse_filter``, and for
    conditions on datasets and ``artifact_uri``, which a table of runs does not hold.
    """
    wanted = parse_filter(text)
    named = frozenset(columns)
    return _all([_expression(one, named) for one in (*wanted.conditions, *wanted.others)])


def _expression(clause: Clause[RunStatement], columns: frozenset[str]) -> pl.Expr:
    if isinstance(clause, AllOf):
        return _all([_expression(part, columns) for part in clause.parts])
    if isinstance(clause, AnyOf):
        parts = [_expression(part, columns) for part in clause.parts]
        return reduce(lambda left, right: left | right, parts, pl.lit(False))
    if isinstance(clause, Not):
        return ~_statement(clause.leaf, columns)
    return _statement(clause, columns)


def _all(parts: list[pl.Expr]) -> pl.Expr:
    return reduce(lambda left, right: left & right, parts, pl.lit(True))


def _statement(statement: RunStatement, columns: frozenset[str]) -> pl.Expr:
    if isinstance(statement, MetricCondition):
        return _metric(statement, columns)
    if isinstance(statement, DerivedCondition) and statement.condition.attribute == "run_id":
        return _condition(statement.condition, columns)
    if isinstance(statement, DerivedCondition | DatasetCondition):
        raise UsageError(
            "A table of runs does not hold the datasets and the artifact addresses of runs.",
            hint="Search the server for conditions on these.",
        )
    return _condition(statement, columns)


def _metric(condition: MetricCondition, columns: frozenset[str]) -> pl.Expr:
    name = f"metrics.{condition.key}"
    if name not in columns:
        return pl.lit(condition.operator is Operator.IS_NULL)
    column = pl.col(name)
    if condition.operator is Operator.IS_NULL:
        return column.is_null()
    holds = _COMPARED[condition.operator](column, pl.lit(condition.value))
    # Polars takes NaN for the greatest number; here it satisfies nothing but !=.
    holds = holds & column.is_not_nan() if condition.operator is not Operator.NE else holds
    return holds.fill_null(value=False)


def _condition(condition: Condition, columns: frozenset[str]) -> pl.Expr:
    name = FRAME_NAMES.get(condition.attribute, condition.attribute)
    column = pl.col(name) if name in columns else pl.lit(None, dtype=pl.String())
    operator, operand = condition.operator, condition.operand
    if operator is Operator.IS_NULL:
        return column.is_null()
    if operator is Operator.IS_NOT_NULL:
        return column.is_not_null()
    if name not in columns:
        return pl.lit(value=False)
    if operator in (Operator.IN, Operator.NOT_IN):
        items = list(operand) if isinstance(operand, tuple) else []
        among = column.is_in(items)
        found = among if operator is Operator.IN else ~among
    elif operator in (Operator.LIKE, Operator.ILIKE):
        found = column.str.contains(_pattern(operand, ignore_case=operator is Operator.ILIKE))
    else:
        found = _COMPARED[operator](column, pl.lit(operand))
    return found.fill_null(value=False)


def _pattern(operand: Operand, *, ignore_case: bool) -> str:
    """LIKE as a regular expression of Rust's ``regex``, which takes linear time."""
    pieces = (_piece(character, ignore_case=ignore_case) for character in str(operand))
    return f"(?s)^{''.join(pieces)}$"


def _piece(character: str, *, ignore_case: bool) -> str:
    """One character of a pattern; without regard to case for ASCII letters alone."""
    if character in "%_":
        return ".*" if character == "%" else "."
    if ignore_case and character.isascii() and character.isalpha():
        return f"[{character.lower()}{character.upper()}]"
    return re.escape(character)
