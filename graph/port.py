"""What a graph store does. Three adapters keep this promise: memory, SQLite and Neo4j.

All answers are in a stated order, and the same on every store. ``as_of`` is a tree size: None means
everything applied so far. Unknown ids are absent from answers, never an error. A store that cannot
be reached raises ``BackendError``; driver exceptions never leave an adapter.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from graph.clause import Clause, Statement
from graph.model import (
    AttributeChange,
    AttributeValue,
    Edge,
    EdgeType,
    Node,
    NodeKind,
)
from ledger.projection import Projection


class Operator(StrEnum):
    """Comparisons on an attribute. All but IS_NULL need the attribute to be present."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    """``%`` any text, ``_`` any one character; case-sensitive, as is ``=``."""
    ILIKE = "ILIKE"
    """LIKE without regard to the case of ASCII letters."""
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


Operand: TypeAlias = AttributeValue | tuple[AttributeValue, ...] | None


@dataclass(frozen=True, slots=True)
class Condition(Statement):
    """``attribute operator operand``. Text compares by code point.

    Text and integer are never equal (so ``!=`` and NOT IN hold between them) and neither is less.
    """

    attribute: str
    operator: Operator
    operand: Operand = None


@dataclass(frozen=True, slots=True)
class Among(Statement):
    """The node is one of these."""

    ids: tuple[str, ...]


NodeStatement: TypeAlias = Condition | Among


@dataclass(frozen=True, slots=True)
class NodeQuery:
    """All nodes of a kind in a project that satisfy every condition, ordered by (seq, id).

    A condition that fails is false, whether for another value or for none: NOT makes it true.
    """

    project: str
    kind: NodeKind
    conditions: tuple[Clause[NodeStatement], ...] = ()
    descending: bool = False
    after: tuple[int, str] | None = None
    """(seq, id) of the last node already seen; None from the start."""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """By the value of an attribute: integers, then texts by code point, then nodes without it.

    ``descending`` turns the order of the integers, and that of the texts.
    """

    attribute: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Nodes by (distance, id) and the edges among them, ordered; ``truncated`` when a limit cut."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    distance: Mapping[str, int]
    """Least number of edges from any root, by node id."""
    truncated: bool


class Direction(StrEnum):
    """UPSTREAM follows edges from source to target (towards causes), DOWNSTREAM against them."""

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"


class GraphReader(Protocol):
    """Reads, each a function of its arguments and the applied prefix."""

    def nodes(
        self,
        ids: Collection[str],
        *,
        names: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, Node]:
        """The nodes that exist, by id, with all their attributes or those of ``names``."""
        ...

    def find(self, query: NodeQuery, *, as_of: int | None = None) -> Sequence[Node]:
        """The nodes that ``query`` describes, with their attributes."""
        ...

    def find_ids(
        self, query: NodeQuery, *, order: Sequence[Order] = (), as_of: int | None = None
    ) -> Sequence[str]:
        """Ids of the nodes that ``query`` describes, in ``order`` and then by id; up to its limit.

        The query's own order and ``after`` are ignored.
        """
        ...

    def count(self, query: NodeQuery, *, as_of: int | None = None) -> int:
        """How many nodes ``query`` describes; its ``after`` and ``limit`` are ignored."""
        ...

    def outgoing(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        """Edges whose source is in ``ids``, ordered, by source; every asked id has a key."""
        ...

    def incoming(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        """Edges whose target is in ``ids``, ordered, by target; every asked id has a key."""
        ...

    def closure(
        self,
        roots: Collection[str],
        *,
        direction: Direction,
        types: Collection[EdgeType],
        depth: int | None = None,
        limit: int | None = None,
        as_of: int | None = None,
    ) -> Subgraph:
        """Everything reachable from ``roots`` (themselves at distance 0), cycles or not.

        ``depth`` bounds the distance; ``limit`` the number of nodes, the nearest first, then by id.
        """
        ...

    def reachable(
        self,
        roots: Collection[str],
        *,
        direction: Direction,
        types: Collection[EdgeType],
        as_of: int | None = None,
    ) -> frozenset[str]:
        """The ids of everything that ``closure`` would find without bounds, and nothing more."""
        ...

    def history(self, node: str) -> Sequence[AttributeChange]:
        """Every value that each attribute of ``node`` ever had, by (name, seq)."""
        ...

    def dump(self) -> Iterator[bytes]:
        """Canonical JSON lines of all nodes, attribute changes and edges, sorted as bytes.

        The same on every store that applied the same prefix; ``graph.dump.dump_digest`` folds it.
        """
        ...


class GraphStore(Projection, GraphReader, Protocol):
    """A graph store: a projection of the ledger that can be read."""

    def close(self) -> None:
        """Release connections; the store is not used afterwards."""
        ...
