"""What MLflow's search strings mean for experiments: conditions on attributes and tags."""

from dataclasses import dataclass

from graph.clause import Clause, conjuncts, mapped
from graph.filter import (
    LISTED,
    NULLABLE,
    NUMERIC,
    TEXTUAL,
    allow,
    integer_of,
    operand_of,
)
from graph.filter_syntax import (
    MAX_ORDERS,
    Column,
    Comparison,
    parse_expression,
    parse_order,
)
from graph.filter_tokens import invalid, too_complex
from graph.port import Condition, Operator

_ATTRIBUTES = {
    "name": "name",
    "experiment_id": "experiment_id",
    "creation_time": "created_at",
    "last_update_time": "updated_at",
}
"""Search name of an attribute to the name that the graph knows it by."""
_NOMINAL = frozenset({Operator.EQ, Operator.NE}) | LISTED


@dataclass(frozen=True, slots=True)
class ExperimentOrder:
    """Order by the attribute's graph name."""

    attribute: str
    descending: bool


def parse_experiment_filter(text: str) -> tuple[Clause[Condition], ...]:
    """The clauses of ``text`` that must all hold, about attributes of experiment nodes.

    Raises ``UsageError``: INVALID_ARGUMENT with the column, TOO_COMPLEX.
    """
    return tuple(conjuncts(mapped(parse_expression(text), _condition)))


def parse_experiment_orders(clauses: tuple[str, ...]) -> tuple[ExperimentOrder, ...]:
    """The orders that the clauses write, most significant first; only attributes can be ordered by.

    Without any: the newest first, then by experiment id.
    """
    if len(clauses) > MAX_ORDERS:
        raise too_complex(f"it orders by more than {MAX_ORDERS} columns")
    orders: list[ExperimentOrder] = []
    for clause in clauses or ("creation_time DESC", "experiment_id ASC"):
        order = parse_order(clause)
        if _is_tag(order.column):
            raise invalid(order.column.at, "experiments cannot be ordered by tags")
        orders.append(ExperimentOrder(_attribute(order.column), order.descending))
    if all(order.attribute != "experiment_id" for order in orders):
        orders.append(ExperimentOrder("experiment_id", descending=True))
    return tuple(orders)


def _condition(comparison: Comparison) -> Condition:
    if _is_tag(comparison.column):
        allow(comparison, TEXTUAL | NULLABLE)
        return Condition(
            f"tags.{comparison.column.key}", comparison.operator, operand_of(comparison)
        )
    name = _attribute(comparison.column)
    if name in ("created_at", "updated_at"):
        allow(comparison, NUMERIC)
        return Condition(name, comparison.operator, integer_of(comparison.values[0]))
    allow(comparison, _NOMINAL if name == "experiment_id" else TEXTUAL)
    return Condition(name, comparison.operator, operand_of(comparison))


def _is_tag(column: Column) -> bool:
    if column.entity in ("tag", "tags"):
        return True
    if column.entity in ("attribute", "attributes"):
        return False
    raise invalid(
        column.at,
        f"Invalid entity type '{column.entity}'",
        hint="Valid values are attribute and tag.",
    )


def _attribute(column: Column) -> str:
    name = _ATTRIBUTES.get(column.key)
    if name is None:
        raise invalid(
            column.at,
            f"Invalid attribute key '{column.key}' specified",
            hint=f"Valid keys are {', '.join(sorted(_ATTRIBUTES))}.",
        )
    return name
