"""What a batch of entries changes, worked out against what stands: pure, ready to be written.

One query can neither see its own rows nor promise an order over them, so the batch is folded here
and each kind of change is written by one ``UNWIND``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from graph.model import (
    AddEdge,
    AddNode,
    AttributeValue,
    EdgeType,
    Mutation,
    NodeKind,
    SetAttribute,
    UnsetAttribute,
)
from graph.neo4j.text import looked_up, stored_order
from graph.projector import mutations
from ledger.entry import Entry

Row: TypeAlias = dict[str, Any]

UNMIRRORED: Final = "input_tags."
"""Attributes that do not become node properties: there is a name for each artifact, and a database
never forgets a property name."""


@dataclass(slots=True)
class Known:
    """What the database holds of the nodes that a batch touches."""

    seqs: dict[str, int]
    """Node id to the entry that made it."""
    values: dict[tuple[str, str], AttributeValue]
    """(node id, attribute name) to the value that holds now."""


@dataclass(slots=True)
class Changes:
    """Rows to write, in the order of the fields."""

    nodes: dict[NodeKind, list[Row]] = field(default_factory=dict[NodeKind, list[Row]])
    ended: list[Row] = field(default_factory=list[Row])
    begun: list[Row] = field(default_factory=list[Row])
    current: list[Row] = field(default_factory=list[Row])
    edges: dict[EdgeType, list[Row]] = field(default_factory=dict[EdgeType, list[Row]])


class Batch:
    """The mutations of consecutive entries."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._said: list[tuple[int, list[Mutation]]] = [(e.seq, mutations(e)) for e in entries]

    def touched(self) -> dict[str, list[str]]:
        """Each node id that is spoken of, with the attribute names that are set or unset."""
        names: dict[str, dict[str, None]] = {}
        for _, said in self._said:
            for mutation in said:
                if isinstance(mutation, AddNode):
                    names.setdefault(mutation.id, {})
                elif isinstance(mutation, AddEdge):
                    names.setdefault(mutation.source, {})
                    names.setdefault(mutation.target, {})
                else:
                    names.setdefault(mutation.node, {})[mutation.name] = None
        return {node: list(wanted) for node, wanted in names.items()}

    def changes(self, known: Known) -> Changes:
        """What is to be written, given what stands. Updates ``known`` on the way."""
        return _Fold(known).of(self._said)


class _Fold:
    """Plays the entries in order over ``known``, and keeps what differs."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._changes = Changes()
        self._open: dict[tuple[str, str], Row] = {}
        self._current: dict[str, Row] = {}
        self._edges: set[tuple[str, EdgeType, str, str]] = set()

    def of(self, said: Sequence[tuple[int, Sequence[Mutation]]]) -> Changes:
        for seq, mutations_ in said:
            self._nodes(mutations_, seq)
            last = {
                (m.node, m.name): m
                for m in mutations_
                if isinstance(m, SetAttribute | UnsetAttribute)
            }
            for mutation in last.values():
                if mutation.node in self._known.seqs:
                    self._attribute(mutation, seq)
            self._add_edges(mutations_, seq)
        self._changes.current = [
            {"node": node, "values": values} for node, values in self._current.items()
        ]
        return self._changes

    def _nodes(self, said: Sequence[Mutation], seq: int) -> None:
        for m in said:
            if isinstance(m, AddNode) and m.id not in self._known.seqs:
                self._known.seqs[m.id] = seq
                row = {"id": m.id, "project": m.project, "seq": seq, "order": stored_order(m.id)}
                self._changes.nodes.setdefault(m.kind, []).append(row)

    def _attribute(self, mutation: SetAttribute | UnsetAttribute, seq: int) -> None:
        key = (mutation.node, mutation.name)
        value = mutation.value if isinstance(mutation, SetAttribute) else None
        stands = self._known.values.get(key)
        if stands == value and type(stands) is type(value):
            return
        if stands is not None:
            self._end(key, seq)
        if value is None:
            del self._known.values[key]
        else:
            self._begin(key, value, seq)
        if not mutation.name.startswith(UNMIRRORED):
            self._current.setdefault(mutation.node, {})[mutation.name] = value

    def _end(self, key: tuple[str, str], seq: int) -> None:
        if key in self._open:
            self._open.pop(key)["until"] = seq
        else:
            self._changes.ended.append({"node": key[0], "name": key[1], "until": seq})

    def _begin(self, key: tuple[str, str], value: AttributeValue, seq: int) -> None:
        properties: Row = {"name": key[1], "value": value, "seq": seq, "until": None}
        properties |= {"order": stored_order(value), "short": looked_up(value)}
        self._known.values[key] = value
        self._open[key] = properties
        self._changes.begun.append({"node": key[0], "properties": properties})

    def _add_edges(self, said: Sequence[Mutation], seq: int) -> None:
        for m in said:
            if not isinstance(m, AddEdge):
                continue
            key = (m.source, m.type, m.target, m.role)
            ends_exist = m.source in self._known.seqs and m.target in self._known.seqs
            if ends_exist and key not in self._edges:
                self._edges.add(key)
                row: Row = {"source": m.source, "target": m.target, "role": m.role}
                row |= {"facet": m.facet, "seq": seq}
                self._changes.edges.setdefault(m.type, []).append(row)
