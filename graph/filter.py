"""What MLflow's search strings mean for runs: conditions on attributes, metrics and datasets.

Every string means what it means to MLflow. What no node holds (metrics, datasets, and ``run_id``
and ``artifact_uri``, which are derived) is kept apart for the reader of the runs.
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from graph.clause import Clause, Statement, conjuncts, leaves, mapped
from graph.filter_syntax import (
    MAX_ORDERS,
    Column,
    Comparison,
    parse_expression,
    parse_order,
    text_of,
)
from graph.filter_tokens import Token, TokenKind, invalid, too_complex
from graph.port import Condition, Operator

_ENTITIES = {
    "metric": "metric",
    "metrics": "metric",
    "parameter": "param",
    "parameters": "param",
    "param": "param",
    "params": "param",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "run": "attribute",
    "dataset": "dataset",
    "datasets": "dataset",
}
_ATTRIBUTES = {
    "run_id": "run_id",
    "run_name": "name",
    "run name": "name",
    "Run name": "name",
    "Run Name": "name",
    "user_id": "user",
    "status": "status",
    "artifact_uri": "artifact_uri",
    "start_time": "start_time",
    "created": "start_time",
    "Created": "start_time",
    "end_time": "end_time",
}
"""Search name of an attribute to the name that the graph knows it by."""
_DATASET_KEYS = ("name", "digest", "context")

NUMERIC = frozenset({Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE})
TEXTUAL = frozenset({Operator.EQ, Operator.NE, Operator.LIKE, Operator.ILIKE})
NULLABLE = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})
LISTED = frozenset({Operator.IN, Operator.NOT_IN})
"""Which comparators go with which kind of value."""

_HOLDS: Mapping[Operator, Callable[[float, float], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}

DERIVED_ATTRIBUTES = ("artifact_uri", "run_id")
"""Searchable, but held by no node."""


@dataclass(frozen=True, slots=True)
class MetricCondition(Statement):
    """``key operator value`` on a metric's last value. NaN satisfies ``!=`` alone.

    IS_NULL, which no search string says, is satisfied by runs that never logged the metric.
    """

    key: str
    operator: Operator
    value: float

    def holds(self, last: float | None) -> bool:
        """Whether a run whose last value is ``last`` (None: never logged) satisfies it."""
        if last is None or self.operator is Operator.IS_NULL:
            return last is None and self.operator is Operator.IS_NULL
        return _HOLDS[self.operator](last, self.value)


@dataclass(frozen=True, slots=True)
class DerivedCondition(Statement):
    """A condition on ``run_id`` or ``artifact_uri``."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class DatasetCondition(Statement):
    """A condition on ``name``, ``digest`` or ``context`` of any one dataset that the run used."""

    condition: Condition


RunStatement: TypeAlias = Condition | MetricCondition | DerivedCondition | DatasetCondition


@dataclass(frozen=True, slots=True)
class RunFilter:
    """All clauses of both kinds must hold."""

    conditions: tuple[Clause[Condition], ...] = ()
    """About attributes of the run's node alone: a graph store answers them."""
    others: tuple[Clause[RunStatement], ...] = ()
    """About metrics, datasets and derived attributes, perhaps beside attributes."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Order by ``metrics.<key>``, ``params.<key>``, ``tags.<key>`` or an attribute's graph name."""

    attribute: str
    descending: bool


def parse_filter(text: str) -> RunFilter:
    """The filter that ``text`` writes; blank text lets every run through.

    Raises ``UsageError``: INVALID_ARGUMENT with the column in message and context, TOO_COMPLEX.
    """
    conditions: list[Clause[Condition]] = []
    others: list[Clause[RunStatement]] = []
    for clause in conjuncts(mapped(parse_expression(text), _statement)):
        if _is_of_nodes(clause):
            conditions.append(clause)
        else:
            others.append(clause)
    return RunFilter(tuple(conditions), tuple(others))


def parse_orders(clauses: tuple[str, ...]) -> tuple[RunOrder, ...]:
    """The orders that the clauses write, most significant first. Errors as ``parse_filter``."""
    if len(clauses) > MAX_ORDERS:
        raise too_complex(f"it orders by more than {MAX_ORDERS} columns")
    orders: list[RunOrder] = []
    for clause in clauses:
        order = parse_order(clause)
        attribute = _order_attribute(order.column)
        if any(known.attribute == attribute for known in orders):
            raise invalid(order.column.at, f"{clause} orders by a column a second time")
        orders.append(RunOrder(attribute, order.descending))
    return tuple(orders)


def _is_of_nodes(clause: Clause[RunStatement]) -> TypeGuard[Clause[Condition]]:
    return all(isinstance(leaf, Condition) for leaf in leaves(clause))


def _statement(comparison: Comparison) -> RunStatement:
    match _entity(comparison.column):
        case "metric":
            return _metric(comparison)
        case "dataset":
            return DatasetCondition(_dataset(comparison))
        case "attribute":
            condition = _attribute(comparison)
            derived = condition.attribute in DERIVED_ATTRIBUTES
            return DerivedCondition(condition) if derived else condition
        case entity:
            return _text(comparison, f"{entity}s.{comparison.column.key}")


def _order_attribute(column: Column) -> str:
    entity = _entity(column)
    if entity == "dataset":
        raise invalid(column.at, "runs cannot be ordered by their datasets")
    return _attribute_name(column) if entity == "attribute" else f"{entity}s.{column.key}"


def _entity(column: Column) -> str:
    entity = _ENTITIES.get(column.entity)
    if entity is None:
        raise invalid(
            column.at,
            f"Invalid entity type '{column.entity}'",
            hint="Valid values are metrics, params, tags, attributes and datasets.",
        )
    return entity


def _metric(comparison: Comparison) -> MetricCondition:
    allow(comparison, NUMERIC)
    token = comparison.values[0]
    return MetricCondition(comparison.column.key, comparison.operator, number_of(token))


def _dataset(comparison: Comparison) -> Condition:
    key = comparison.column.key
    if key not in _DATASET_KEYS:
        raise invalid(
            comparison.column.at,
            f"Invalid dataset key '{key}' specified",
            hint=f"Valid keys are {', '.join(_DATASET_KEYS)}.",
        )
    allow(comparison, TEXTUAL | LISTED)
    return Condition(key, comparison.operator, operand_of(comparison))


def _attribute(comparison: Comparison) -> Condition:
    name = _attribute_name(comparison.column)
    if name in ("start_time", "end_time"):
        allow(comparison, NUMERIC)
        return Condition(name, comparison.operator, integer_of(comparison.values[0]))
    # As in MLflow, only run_id may be compared with a list.
    allow(comparison, TEXTUAL | LISTED if name == "run_id" else TEXTUAL)
    return Condition(name, comparison.operator, operand_of(comparison))


def _text(comparison: Comparison, attribute: str) -> Condition:
    allow(comparison, TEXTUAL | NULLABLE)
    return Condition(attribute, comparison.operator, operand_of(comparison))


def operand_of(comparison: Comparison) -> str | tuple[str, ...] | None:
    """The text, texts or nothing that the comparison compares with."""
    if comparison.operator in NULLABLE:
        return None
    if comparison.operator in LISTED:
        return tuple(text_of(token) for token in comparison.values)
    return text_of(comparison.values[0])


def _attribute_name(column: Column) -> str:
    name = _ATTRIBUTES.get(column.key)
    if name is None:
        raise invalid(
            column.at,
            f"Invalid attribute key '{column.key}' specified",
            hint=f"Valid keys are {', '.join(sorted(_ATTRIBUTES))}.",
        )
    return name


def allow(comparison: Comparison, operators: frozenset[Operator]) -> None:
    """``UsageError`` with the column unless the comparison uses one of ``operators``."""
    if comparison.operator in operators:
        return
    column = comparison.column
    known = ", ".join(operator.value for operator in Operator if operator in operators)
    raise invalid(
        column.at,
        f"Invalid comparator '{comparison.operator.value}' for {column.entity} '{column.key}'",
        hint=f"It may be one of {known}.",
    )


def number_of(token: Token) -> float:
    """The double that a number token means; ``UsageError`` with the column for another token."""
    if token.kind is not TokenKind.NUMBER or math.isinf(float(token.text)):
        raise invalid(token.column, f"Expected numeric value, found {token.text[:40]}")
    return float(token.text)


def integer_of(token: Token) -> int:
    """The whole number that a number token means, within 64 bits (milliseconds)."""
    value = number_of(token)
    whole = int(token.text) if token.text.lstrip("+-").isdecimal() else int(value)
    if whole != value and not token.text.lstrip("+-").isdecimal():
        raise invalid(token.column, f"{token.text[:40]} is not a whole number of milliseconds")
    if not -(2**63) <= whole < 2**63:
        raise invalid(token.column, f"{token.text[:40]} is beyond 64 bits")
    return whole
