"""The graph as of everything committed, while the store is still on its way there.

Judging a write needs the last word about a few nodes. Bringing the store up for each write would
cost a transaction apiece; here the entries that it does not hold yet stand in memory, at most
``HELD`` of them, over a fixed position of the store. Whatever asks for more than nodes by their ids
gets the store itself, brought up first.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from graph.model import (
    AddNode,
    AttributeChange,
    AttributeValue,
    Edge,
    EdgeType,
    Mutation,
    Node,
    SetAttribute,
    UnsetAttribute,
)
from graph.port import Direction, GraphStore, NodeQuery, Order, Subgraph
from graph.projector import mutations
from ledger.projection import Cursor, LedgerReader, entries_between

HELD: Final = 512
"""Entries in memory before the store is brought up to them."""
KNOWN: Final = 4_096
"""Nodes of the store that are remembered, as they stood at the fixed position."""


class GraphAhead:
    """A ``GraphReader`` over ``store``. Thread-safe; ``catch_up`` brings the store up to the log.

    Raises what ``ledger.projection.catch_up`` raises, wherever it reads.
    """

    def __init__(
        self, log: LedgerReader, store: GraphStore, catch_up: Callable[[], object]
    ) -> None:
        self._log = log
        self._store = store
        self._catch_up = catch_up
        self._lock = threading.Lock()
        self._at = Cursor()
        self._base = 0
        self._added: dict[str, Node] = {}
        self._said: dict[str, dict[str, AttributeValue | None]] = {}
        self._known: dict[str, Node | None] = {}
        self._rest()

    def advance(self) -> int:
        """Take in everything that is committed; the tree size that ``nodes`` then sees."""
        with self._lock:
            head = self._log.head()
            if head.size - self._base > HELD:
                self._catch_up()
                self._rest()
                head = self._log.head()
            for entry in entries_between(self._log, self._at, head):
                said = mutations(entry)
                self._take_nodes([one for one in said if isinstance(one, AddNode)], entry.seq)
                self._take_values(said)
            self._at = head
            return head.size

    def nodes(
        self,
        ids: Collection[str],
        *,
        names: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, Node]:
        """As ``GraphReader.nodes``, as of the last ``advance``."""
        if as_of is not None:
            return self._whole().nodes(ids, names=names, as_of=as_of)
        with self._lock:
            self._remember(ids)
            found = {one: self._node(one, names) for one in ids}
        return {one: node for one, node in found.items() if node is not None}

    def find(self, query: NodeQuery, *, as_of: int | None = None) -> Sequence[Node]:
        return self._whole().find(query, as_of=as_of)

    def find_ids(
        self, query: NodeQuery, *, order: Sequence[Order] = (), as_of: int | None = None
    ) -> Sequence[str]:
        return self._whole().find_ids(query, order=order, as_of=as_of)

    def count(self, query: NodeQuery, *, as_of: int | None = None) -> int:
        return self._whole().count(query, as_of=as_of)

    def outgoing(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        return self._whole().outgoing(ids, types=types, as_of=as_of)

    def incoming(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        return self._whole().incoming(ids, types=types, as_of=as_of)

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
        return self._whole().closure(
            roots, direction=direction, types=types, depth=depth, limit=limit, as_of=as_of
        )

    def reachable(
        self,
        roots: Collection[str],
        *,
        direction: Direction,
        types: Collection[EdgeType],
        as_of: int | None = None,
    ) -> frozenset[str]:
        return self._whole().reachable(roots, direction=direction, types=types, as_of=as_of)

    def history(self, node: str) -> Sequence[AttributeChange]:
        return self._whole().history(node)

    def dump(self) -> Iterator[bytes]:
        return self._whole().dump()

    def _whole(self) -> GraphStore:
        self._catch_up()
        return self._store

    def _rest(self) -> None:
        """Stand on what the store holds now."""
        self._at = self._store.cursor()
        self._base = self._at.size
        for held in (self._added, self._said, self._known):
            held.clear()

    def _take_nodes(self, nodes: Collection[AddNode], seq: int) -> None:
        for one in nodes:
            if one.id in self._added:
                continue
            if one.id in self._said:
                self._remember([one.id])
                if self._known[one.id] is None:
                    del self._said[one.id]  # Values of a node that was not there say nothing.
            self._added[one.id] = Node(one.id, one.kind, one.project, seq)

    def _take_values(self, said: Collection[Mutation]) -> None:
        for one in said:
            if isinstance(one, SetAttribute):
                self._said.setdefault(one.node, {})[one.name] = one.value
            elif isinstance(one, UnsetAttribute):
                self._said.setdefault(one.node, {})[one.name] = None

    def _remember(self, ids: Collection[str]) -> None:
        """Look up how ``ids`` stood at the fixed position, which never changes."""
        missing = [one for one in ids if one not in self._known]
        if not missing:
            return
        if len(self._known) + len(missing) > KNOWN:
            self._known.clear()
            missing = list(ids)
        if self._store.cursor().size < self._base:
            self._catch_up()  # Somebody is rebuilding it.
        found = self._store.nodes(missing, as_of=self._base)
        self._known.update((one, found.get(one)) for one in missing)

    def _node(self, one: str, names: Collection[str] | None) -> Node | None:
        node = self._known[one] or self._added.get(one)
        if node is None:
            return None
        said = self._said.get(one, {})
        attributes = {
            name: value
            for name in sorted(node.attributes.keys() | said if names is None else set(names))
            if (value := said[name] if name in said else node.attributes.get(name)) is not None
        }
        return Node(node.id, node.kind, node.project, node.seq, attributes)
