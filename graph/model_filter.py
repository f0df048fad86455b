"""What MLflow's search strings mean for models: conditions on attributes, params and tags."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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
from graph.filter_syntax import MAX_ORDERS, Column, Comparison, parse_expression, parse_order
from graph.filter_tokens import invalid, too_complex
from graph.port import Condition, Order

NUMBERS: Final = frozenset({"created_at", "updated_at", "version"})
"""Attributes that are whole numbers."""
_PREFIXES: Final = {"param": "params", "params": "params", "tag": "tags", "tags": "tags"}
_BARE: Final = frozenset({"attribute", "attributes"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What may be searched: the search name of each attribute, and what the graph calls it."""

    attributes: Mapping[str, str]

    def conditions(self, text: str) -> tuple[Clause[Condition], ...]:
        """The clauses of ``text`` that must all hold.

        Raises ``UsageError``: INVALID_ARGUMENT with the column, TOO_COMPLEX.
        """
        return tuple(conjuncts(mapped(parse_expression(text), self.condition)))

    def orders(self, clauses: tuple[str, ...]) -> tuple[Order, ...]:
        """The orders that the clauses write, the most significant first; errors as above."""
        if len(clauses) > MAX_ORDERS:
            raise too_complex(f"it orders by more than {MAX_ORDERS} columns")
        parsed = [parse_order(clause) for clause in clauses]
        return tuple(Order(self.name(one.column), one.descending) for one in parsed)

    def condition(self, comparison: Comparison) -> Condition:
        """One condition; errors as above."""
        name = self.name(comparison.column)
        if name in NUMBERS:
            allow(comparison, NUMERIC)
            return Condition(name, comparison.operator, integer_of(comparison.values[0]))
        allow(comparison, TEXTUAL | LISTED | NULLABLE)
        return Condition(name, comparison.operator, operand_of(comparison))

    def name(self, column: Column) -> str:
        """What the graph calls the column; ``UsageError`` with the column when it is none."""
        if column.entity in _PREFIXES:
            return f"{_PREFIXES[column.entity]}.{column.key}"
        name = self.attributes.get(column.key) if column.entity in _BARE else None
        if name is None:
            raise invalid(
                column.at,
                f"Invalid attribute name: {column.entity}.{column.key}",
                hint=f"Valid names are {', '.join(sorted(self.attributes))}, params and tags.",
            )
        return name


REGISTERED_MODELS: Final = Columns(
    {
        "name": "name",
        "timestamp": "updated_at",
        "creation_timestamp": "created_at",
        "last_updated_timestamp": "updated_at",
    }
)
MODEL_VERSIONS: Final = Columns(
    {
        "name": "name",
        "run_id": "run_id",
        "source_path": "source",
        "version_number": "version",
        "creation_timestamp": "created_at",
        "last_updated_timestamp": "updated_at",
    }
)
