"""The graph as it will stand once entries are recorded that are only planned so far.

Writes that are judged together see those before them here, in memory, over one state of the store.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

from graph.holds import node_holds
from graph.model import (
    AddEdge,
    AddNode,
    AttributeValue,
    Edge,
    EdgeType,
    Mutation,
    Node,
    NodeKind,
    SetAttribute,
)
from graph.port import Condition, Direction, NodeQuery, Operator

_NAME: Final = "name"
_Key: TypeAlias = tuple[str, EdgeType, str, str]
"""What makes an edge one: (source, type, target, role)."""


class GraphState(Protocol):
    """What judging a write reads. Every ``GraphReader`` is one: everything applied so far."""

    def nodes(
        self, ids: Collection[str], *, names: Collection[str] | None = None
    ) -> Mapping[str, Node]:
        """As ``GraphReader.nodes``."""
        ...

    def find(self, query: NodeQuery) -> Sequence[Node]:
        """As ``GraphReader.find``."""
        ...

    def outgoing(
        self, ids: Collection[str], *, types: Collection[EdgeType] | None = None
    ) -> Mapping[str, tuple[Edge, ...]]:
        """As ``GraphReader.outgoing``."""
        ...

    def reachable(
        self, roots: Collection[str], *, direction: Direction, types: Collection[EdgeType]
    ) -> frozenset[str]:
        """As ``GraphReader.reachable``."""
        ...


class Overlay:
    """A ``GraphState`` over ``base``, and what ``apply`` adds to it. For one thread.

    What was asked of the base once is not asked again: it is to stand still meanwhile.
    """

    def __init__(self, base: GraphState) -> None:
        self._base = base
        self._nodes: dict[str, Node | None] = {}
        """As they stand now; None for what does not exist."""
        self._in_base: set[str] = set()
        self._changed: dict[tuple[str, NodeKind, AttributeValue | None], dict[str, None]] = {}
        """Ids of changed nodes by project, kind and a name that they have or had; by None, all."""
        self._base_edges: dict[str, tuple[Edge, ...]] = {}
        self._outgoing: dict[str, dict[_Key, Edge]] = {}
        self._incoming: dict[str, dict[_Key, Edge]] = {}
        self._found: dict[NodeQuery, Sequence[Node]] = {}

    def apply(self, said: Sequence[Mutation], seq: int) -> None:
        """Take in what one entry will say; ``seq`` is beyond all that the base holds."""
        added: list[AddNode] = []
        values: dict[str, dict[str, AttributeValue | None]] = {}
        edges: list[AddEdge] = []
        for one in said:
            if isinstance(one, SetAttribute):
                values.setdefault(one.node, {})[one.name] = one.value
            elif isinstance(one, AddEdge):
                edges.append(one)
            elif isinstance(one, AddNode):
                added.append(one)
            else:
                values.setdefault(one.node, {})[one.name] = None
        ends = [end for edge in edges for end in (edge.source, edge.target)]
        self._load([*values, *ends, *(node.id for node in added)])
        for node in added:
            if self._nodes[node.id] is None:
                self._nodes[node.id] = Node(node.id, node.kind, node.project, seq)
                values.setdefault(node.id, {})
        for id_, changes in values.items():
            self._change(id_, changes)
        for edge in edges:
            self._connect(edge, seq)

    def nodes(
        self, ids: Collection[str], *, names: Collection[str] | None = None
    ) -> Mapping[str, Node]:
        self._load(ids)
        found = {id_: node for id_ in ids if (node := self._nodes[id_]) is not None}
        if names is None:
            return found
        wanted = set(names)
        return {
            id_: replace(node, attributes={k: v for k, v in node.attributes.items() if k in wanted})
            for id_, node in found.items()
        }

    def find(self, query: NodeQuery) -> Sequence[Node]:
        changed = self._changed.get((query.project, query.kind, _name_asked(query)), {})
        fitting = [
            node
            for id_ in changed
            if (node := self._nodes[id_])
            and all(node_holds(clause, node) for clause in query.conditions)
            and (query.after is None or _is_after(node, query))
        ]
        rows = self._ask(query)
        if query.limit is not None and changed and len(rows) == query.limit:
            # Those that fit no more leave room for others.
            rows = self._ask(replace(query, limit=query.limit + len(changed)))
        unchanged = [node for node in rows if node.id not in changed]
        found = sorted([*unchanged, *fitting], key=_position, reverse=query.descending)
        return found[: query.limit]

    def outgoing(
        self, ids: Collection[str], *, types: Collection[EdgeType] | None = None
    ) -> Mapping[str, tuple[Edge, ...]]:
        self._load(ids)
        missing = [id_ for id_ in ids if id_ in self._in_base and id_ not in self._base_edges]
        if missing:
            self._base_edges.update(self._base.outgoing(missing))
        return {id_: self._edges(id_, types) for id_ in ids}

    def reachable(
        self, roots: Collection[str], *, direction: Direction, types: Collection[EdgeType]
    ) -> frozenset[str]:
        self._load(roots)
        seen: set[str] = set()
        todo = {id_ for id_ in roots if self._nodes[id_] is not None}
        while todo:
            known = sorted(todo & self._in_base)
            fresh = set(todo)
            if known:
                fresh |= self._base.reachable(known, direction=direction, types=types)
            fresh -= seen
            seen |= fresh
            todo = {end for id_ in fresh for end in self._next(id_, direction, types)} - seen
        return frozenset(seen)

    def _load(self, ids: Iterable[str]) -> None:
        """Know how ``ids`` stand in the base."""
        missing = sorted({id_ for id_ in ids if id_ not in self._nodes})
        if missing:
            found = self._base.nodes(missing)
            self._nodes.update((id_, found.get(id_)) for id_ in missing)
            self._in_base.update(found)

    def _change(self, id_: str, changes: Mapping[str, AttributeValue | None]) -> None:
        """Give a node other attributes; of one that does not exist, nothing can be said."""
        node = self._nodes[id_]
        if node is None:
            return
        names: set[AttributeValue | None] = {None, node.attributes.get(_NAME), changes.get(_NAME)}
        for name in names:
            self._changed.setdefault((node.project, node.kind, name), {})[id_] = None
        attributes = {k: v for k, v in {**node.attributes, **changes}.items() if v is not None}
        self._nodes[id_] = Node(id_, node.kind, node.project, node.seq, attributes)

    def _connect(self, said: AddEdge, seq: int) -> None:
        if self._nodes[said.source] is None or self._nodes[said.target] is None:
            return
        edge = Edge(said.source, said.type, said.target, said.role, said.facet, seq)
        self._outgoing.setdefault(edge.source, {}).setdefault(_key(edge), edge)
        self._incoming.setdefault(edge.target, {}).setdefault(_key(edge), edge)

    def _ask(self, query: NodeQuery) -> Sequence[Node]:
        if query not in self._found:
            self._found[query] = self._base.find(query)
        return self._found[query]

    def _edges(self, id_: str, types: Collection[EdgeType] | None) -> tuple[Edge, ...]:
        said = {_key(edge): edge for edge in self._base_edges.get(id_, ())}
        said = {**self._outgoing.get(id_, {}), **said}
        return tuple(sorted(one for one in said.values() if types is None or one.type in types))

    def _next(self, id_: str, direction: Direction, types: Collection[EdgeType]) -> set[str]:
        """Where edges that are only planned lead from a node."""
        if direction is Direction.UPSTREAM:
            edges = self._outgoing.get(id_, {}).values()
            return {edge.target for edge in edges if edge.type in types}
        edges = self._incoming.get(id_, {}).values()
        return {edge.source for edge in edges if edge.type in types}


def _name_asked(query: NodeQuery) -> AttributeValue | None:
    """The one name that nodes of the query have; None when it asks for no single one."""
    for one in query.conditions:
        if isinstance(one, Condition) and one.attribute == _NAME and one.operator is Operator.EQ:
            return one.operand if isinstance(one.operand, str) else None
    return None


def _position(node: Node) -> tuple[int, str]:
    return (node.seq, node.id)


def _is_after(node: Node, query: NodeQuery) -> bool:
    after = query.after or (-1, "")
    return _position(node) < after if query.descending else _position(node) > after


def _key(edge: Edge) -> _Key:
    return (edge.source, edge.type, edge.target, edge.role)
