"""The graph in plain dictionaries: for tests, and the yardstick that the other stores are held to.

Written to be read: each read walks everything, nothing is indexed or cached.
"""

import threading
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from domain.errors import StaleError
from graph.dump import attribute_line, edge_line, node_line
from graph.holds import equal, node_holds
from graph.model import (
    AddEdge,
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
from graph.port import Direction, NodeQuery, Order, Subgraph
from graph.projector import mutations
from ledger.entry import Entry
from ledger.projection import Cursor


@dataclass(slots=True)
class _State:
    cursor: Cursor = field(default_factory=Cursor)
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    changes: dict[str, list[AttributeChange]] = field(
        default_factory=dict[str, list[AttributeChange]]
    )
    edges: dict[tuple[str, EdgeType, str, str], Edge] = field(
        default_factory=dict[tuple[str, EdgeType, str, str], Edge]
    )


class MemoryGraph:
    """A ``GraphStore`` that lives as long as the process."""

    name = "graph"

    def __init__(self) -> None:
        self._state = _State()
        self._lock = threading.RLock()

    def cursor(self) -> Cursor:
        return self._state.cursor

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        with self._lock:
            if self._state.cursor != old:
                raise StaleError(
                    f"The graph stands at {self._state.cursor.size}, not at {old.size}.",
                    hint="Read the cursor and catch up from there.",
                )
            for seq, said in [(entry.seq, mutations(entry)) for entry in entries]:
                self._apply_one(said, seq)
            self._state.cursor = new

    def reset(self) -> None:
        with self._lock:
            self._state = _State()

    def close(self) -> None:
        """Nothing to release."""

    def _apply_one(self, said: Sequence[Mutation], seq: int) -> None:
        for mutation in said:
            if isinstance(mutation, AddNode) and mutation.id not in self._state.nodes:
                node = Node(mutation.id, mutation.kind, mutation.project, seq)
                self._state.nodes[mutation.id] = node
        last = {
            (mutation.node, mutation.name): mutation
            for mutation in said
            if isinstance(mutation, SetAttribute | UnsetAttribute)
        }
        for mutation in last.values():
            self._change(mutation, seq)
        for mutation in said:
            if isinstance(mutation, AddEdge):
                self._add_edge(mutation, seq)

    def _change(self, mutation: SetAttribute | UnsetAttribute, seq: int) -> None:
        if mutation.node not in self._state.nodes:
            return
        changes = self._state.changes.setdefault(mutation.node, [])
        for index, change in enumerate(changes):
            if change.name == mutation.name and change.until is None:
                if isinstance(mutation, SetAttribute) and equal(change.value, mutation.value):
                    return
                changes[index] = replace(change, until=seq)
        if isinstance(mutation, SetAttribute):
            changes.append(AttributeChange(mutation.name, mutation.value, seq, None))

    def _add_edge(self, mutation: AddEdge, seq: int) -> None:
        ends_exist = mutation.source in self._state.nodes and mutation.target in self._state.nodes
        key = (mutation.source, mutation.type, mutation.target, mutation.role)
        if ends_exist and key not in self._state.edges:
            self._state.edges[key] = Edge(*key, mutation.facet, seq)

    def nodes(
        self,
        ids: Collection[str],
        *,
        names: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, Node]:
        with self._lock:
            known = {id_: self._state.nodes[id_] for id_ in ids if id_ in self._state.nodes}
            return {
                id_: replace(node, attributes=self._attributes(id_, names, as_of))
                for id_, node in known.items()
                if _visible(node.seq, None, as_of)
            }

    def _attributes(
        self, node: str, names: Collection[str] | None, as_of: int | None
    ) -> dict[str, AttributeValue]:
        return {
            change.name: change.value
            for change in self._state.changes.get(node, [])
            if _visible(change.seq, change.until, as_of) and (names is None or change.name in names)
        }

    def find(self, query: NodeQuery, *, as_of: int | None = None) -> Sequence[Node]:
        with self._lock:
            found = self._matching(query, as_of)
        found.sort(key=_position, reverse=query.descending)
        if query.after is not None:
            after = query.after
            found = [
                node
                for node in found
                if (_position(node) < after if query.descending else _position(node) > after)
            ]
        return found[: query.limit]

    def find_ids(
        self, query: NodeQuery, *, order: Sequence[Order] = (), as_of: int | None = None
    ) -> Sequence[str]:
        with self._lock:
            found = sorted(self._matching(query, as_of), key=lambda node: node.id)
        for one in reversed(order):
            found.sort(key=partial(_value, one.attribute), reverse=one.descending)
            found.sort(key=partial(_kind, one.attribute))
        return [node.id for node in found[: query.limit]]

    def count(self, query: NodeQuery, *, as_of: int | None = None) -> int:
        with self._lock:
            return len(self._matching(query, as_of))

    def _matching(self, query: NodeQuery, as_of: int | None) -> list[Node]:
        candidates = self.nodes(self._state.nodes, as_of=as_of).values()
        return [
            node
            for node in candidates
            if node.project == query.project
            and node.kind == query.kind
            and all(node_holds(clause, node) for clause in query.conditions)
        ]

    def outgoing(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        edges = self._visible_edges(types, as_of)
        return {id_: tuple(edge for edge in edges if edge.source == id_) for id_ in ids}

    def incoming(
        self,
        ids: Collection[str],
        *,
        types: Collection[EdgeType] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, tuple[Edge, ...]]:
        edges = self._visible_edges(types, as_of)
        return {id_: tuple(edge for edge in edges if edge.target == id_) for id_ in ids}

    def _visible_edges(self, types: Collection[EdgeType] | None, as_of: int | None) -> list[Edge]:
        with self._lock:
            return sorted(
                edge
                for edge in self._state.edges.values()
                if (types is None or edge.type in types) and _visible(edge.seq, None, as_of)
            )

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
        with self._lock:
            edges = self._visible_edges(types, as_of)
            distance = _distances(self.nodes(roots, as_of=as_of), edges, direction, depth)
            nearest = sorted(distance, key=lambda id_: (distance[id_], id_))
            kept = nearest if limit is None else nearest[:limit]
            nodes = self.nodes(kept, as_of=as_of)
        return Subgraph(
            nodes=tuple(nodes[id_] for id_ in kept),
            edges=tuple(edge for edge in edges if edge.source in nodes and edge.target in nodes),
            distance={id_: distance[id_] for id_ in kept},
            truncated=len(kept) < len(nearest),
        )

    def reachable(
        self,
        roots: Collection[str],
        *,
        direction: Direction,
        types: Collection[EdgeType],
        as_of: int | None = None,
    ) -> frozenset[str]:
        with self._lock:
            edges = self._visible_edges(types, as_of)
            return frozenset(_distances(self.nodes(roots, as_of=as_of), edges, direction, None))

    def history(self, node: str) -> Sequence[AttributeChange]:
        with self._lock:
            changes = list(self._state.changes.get(node, []))
        return sorted(changes, key=lambda change: (change.name, change.seq))

    def dump(self) -> Iterator[bytes]:
        with self._lock:
            lines = [node_line(node) for node in self._state.nodes.values()]
            lines += [edge_line(edge) for edge in self._state.edges.values()]
            lines += [
                attribute_line(node, change)
                for node, changes in self._state.changes.items()
                for change in changes
            ]
        return iter(sorted(lines))


def _visible(seq: int, until: int | None, as_of: int | None) -> bool:
    if as_of is None:
        return until is None
    return seq < as_of and (until is None or until >= as_of)


def _position(node: Node) -> tuple[int, str]:
    return (node.seq, node.id)


def _kind(attribute: str, node: Node) -> int:
    """Integers, then texts, then nothing."""
    value = node.attributes.get(attribute)
    return 2 if value is None else int(isinstance(value, str))


def _value(attribute: str, node: Node) -> tuple[int, str]:
    value = node.attributes.get(attribute, 0)
    return (0, value) if isinstance(value, str) else (value, "")


def _distances(
    roots: Iterable[str], edges: Sequence[Edge], direction: Direction, depth: int | None
) -> dict[str, int]:
    """Least distance of all that breadth-first search reaches."""
    neighbours: dict[str, list[str]] = {}
    for edge in edges:
        ends = (edge.source, edge.target)
        start, end = ends if direction is Direction.UPSTREAM else reversed(ends)
        neighbours.setdefault(start, []).append(end)
    distance = dict.fromkeys(roots, 0)
    queue = deque(distance)
    while queue:
        node = queue.popleft()
        if depth is not None and distance[node] >= depth:
            continue
        for neighbour in neighbours.get(node, []):
            if neighbour not in distance:
                distance[neighbour] = distance[node] + 1
                queue.append(neighbour)
    return distance
