"""Which part of a query is satisfied so rarely that an index finds the few nodes it can be about.

The walk over a query's clauses is the same for every store that has an index on values; how a leaf
is looked up is the store's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

from graph.clause import AllOf, AnyOf, Clause, Not
from graph.port import NodeStatement, Operand, Operator

L = TypeVar("L")

INDEXED_LENGTH: Final = 256
"""Characters of the longest text that stands in an index on values."""
COMPARED: Final = frozenset({Operator.EQ, Operator.LT, Operator.LE, Operator.GT, Operator.GE})
"""Operators for which an index on values finds integers."""


@dataclass(frozen=True, slots=True)
class Rare(Generic[L]):
    """Look-ups in an index: what they find may satisfy a clause, and nothing else does."""

    count: int
    """Of the values that they find, whenever they were held."""
    lookups: tuple[L, ...]


LookUp: TypeAlias = Callable[[NodeStatement], Rare[L] | None]
"""How a leaf is looked up; None when no index finds it, or not few."""


def rarest(clause: Clause[NodeStatement], look_up: LookUp[L], *, most: int) -> Rare[L] | None:
    """The look-ups that find least of what can satisfy ``clause``; None when no index says so.

    Alternatives count together, up to ``most`` values.
    """
    if isinstance(clause, AllOf):
        parts = [found for part in clause.parts if (found := rarest(part, look_up, most=most))]
        return min(parts, key=lambda found: found.count, default=None)
    if isinstance(clause, AnyOf):
        return _either(clause, look_up, most)
    return None if isinstance(clause, Not) else look_up(clause)


def is_indexed(operand: Operand) -> bool:
    """Whether ``operand`` is a text that stands in an index on values."""
    return isinstance(operand, str) and len(operand) <= INDEXED_LENGTH


def _either(clause: AnyOf[NodeStatement], look_up: LookUp[L], most: int) -> Rare[L] | None:
    count = 0
    lookups: tuple[L, ...] = ()
    for part in clause.parts:
        found = rarest(part, look_up, most=most)
        if found is None or count + found.count > most:
            return None
        count += found.count
        lookups += found.lookups
    return Rare(count, lookups) if lookups else None
