"""Statements joined by AND, OR and NOT, whatever the statements are about.

Two-valued: a statement holds or it does not, and NOT turns it round. NOT stands before single
statements alone; ``negated`` moves it there (De Morgan).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar


class Statement:
    """What can be said alone; the base of everything that stands in a clause."""

    __slots__ = ()


Leaf = TypeVar("Leaf", bound=Statement, covariant=True)
One = TypeVar("One", bound=Statement)
Other = TypeVar("Other", bound=Statement)


@dataclass(frozen=True, slots=True)
class AllOf(Generic[Leaf]):
    """Every part holds; of no parts, always."""

    parts: "tuple[Leaf | AllOf[Leaf] | AnyOf[Leaf] | Not[Leaf], ...]"


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[Leaf]):
    """At least one part holds; of no parts, never."""

    parts: "tuple[Leaf | AllOf[Leaf] | AnyOf[Leaf] | Not[Leaf], ...]"


@dataclass(frozen=True, slots=True)
class Not(Generic[Leaf]):
    """The statement does not hold."""

    leaf: Leaf


Clause: TypeAlias = Leaf | AllOf[Leaf] | AnyOf[Leaf] | Not[Leaf]


def negated(clause: Clause[One]) -> Clause[One]:
    """What holds exactly where ``clause`` does not."""
    if isinstance(clause, AllOf):
        return AnyOf(tuple(negated(part) for part in clause.parts))
    if isinstance(clause, AnyOf):
        return AllOf(tuple(negated(part) for part in clause.parts))
    return clause.leaf if isinstance(clause, Not) else Not(clause)


def conjuncts(clause: Clause[One]) -> Iterator[Clause[One]]:
    """The clauses that must all hold, none of which is itself an AND."""
    if isinstance(clause, AllOf):
        for part in clause.parts:
            yield from conjuncts(part)
    else:
        yield clause


def leaves(clause: Clause[One]) -> Iterator[One]:
    """The statements, in the order in which they stand."""
    if isinstance(clause, AllOf | AnyOf):
        for part in clause.parts:
            yield from leaves(part)
    else:
        yield clause.leaf if isinstance(clause, Not) else clause


def mapped(clause: Clause[One], change: Callable[[One], Other]) -> Clause[Other]:
    """The same clause about other statements."""
    if isinstance(clause, AllOf):
        return AllOf(tuple(mapped(part, change) for part in clause.parts))
    if isinstance(clause, AnyOf):
        return AnyOf(tuple(mapped(part, change) for part in clause.parts))
    return Not(change(clause.leaf)) if isinstance(clause, Not) else change(clause)


def true_of(clause: Clause[One], test: Callable[[One], bool]) -> bool:
    """Whether the clause holds, when ``test`` says which statements do."""
    if isinstance(clause, AllOf):
        return all(true_of(part, test) for part in clause.parts)
    if isinstance(clause, AnyOf):
        return any(true_of(part, test) for part in clause.parts)
    return not test(clause.leaf) if isinstance(clause, Not) else test(clause)
