"""The mutations of one batch as rows: worked out against what stands, written at the batch's end.

Inside a batch a node's key and an attribute's value are looked up once. Rows are written in the
order of their keys, which is the order in which SQLite keeps them.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, TypeAlias

from graph.model import (
    AddEdge,
    AddNode,
    AttributeValue,
    Mutation,
    SetAttribute,
)

_AttributeRow: TypeAlias = tuple[int, str, int, int | None, AttributeValue]
"""(node, name, seq, until, value)."""
_EdgeRow: TypeAlias = tuple[int, str, int, str, str, int]
"""(source, type, target, role, facet, seq)."""
_Held: TypeAlias = tuple[int, AttributeValue]
"""The entry that set a value, and the value."""

_ADD_NODE: Final = """
    INSERT INTO node (id, kind, project, seq) VALUES (?, ?, ?, ?)
    ON CONFLICT DO NOTHING RETURNING key
"""
_KEY: Final = "SELECT key FROM node WHERE id = ?"
_HELD: Final = (
    "SELECT seq, value FROM attribute WHERE node = ? AND name = ? AND until IS NULL"
    " ORDER BY seq DESC LIMIT 1"
)
_END: Final = "UPDATE attribute SET until = ? WHERE node = ? AND name = ? AND seq = ?"
_BEGIN: Final = "INSERT INTO attribute (node, name, seq, until, value) VALUES (?, ?, ?, ?, ?)"
_ADD_EDGE: Final = (
    "INSERT OR IGNORE INTO edge (source, type, target, role, facet, seq) VALUES (?, ?, ?, ?, ?, ?)"
)


class Batch:
    """Takes what entries say, in their order; ``flush`` writes it. One write transaction long."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._keys: dict[str, int] = {}
        self._fresh: set[int] = set()
        self._held: dict[tuple[int, str], _Held | None] = {}
        self._began: set[tuple[int, str, int]] = set()
        self._ended: list[tuple[int, int, str, int]] = []
        self._attributes: list[_AttributeRow] = []
        self._edges: dict[tuple[int, str, int, str], _EdgeRow] = {}

    def take(self, said: Sequence[Mutation], seq: int) -> None:
        """What one entry says: nodes, then the last word on each attribute, then edges."""
        last: dict[tuple[str, str], AttributeValue | None] = {}
        edges: list[AddEdge] = []
        for one in said:
            if isinstance(one, SetAttribute):
                last[one.node, one.name] = one.value
            elif isinstance(one, AddNode):
                self._node(one, seq)
            elif isinstance(one, AddEdge):
                edges.append(one)
            else:
                last[one.node, one.name] = None
        for (node, name), value in last.items():
            key = self._key(node)
            if key is not None:
                self._attribute(key, name, value, seq)
        for edge in edges:
            source, target = self._key(edge.source), self._key(edge.target)
            if source is not None and target is not None:
                row = (source, edge.type.value, target, edge.role, edge.facet, seq)
                self._edges.setdefault(row[:4], row)

    def flush(self) -> None:
        """Write what was taken. Values that are still held at the end have no ``until``."""
        self._db.executemany(_END, sorted(self._ended))
        held = [
            (node, name, seq, None, value[1])
            for node, name, seq in self._began
            if (value := self._held[node, name]) is not None
        ]
        rows = sorted([*self._attributes, *held], key=lambda row: row[:3])
        self._db.executemany(_BEGIN, rows)
        self._db.executemany(_ADD_EDGE, sorted(self._edges.values()))

    def _node(self, one: AddNode, seq: int) -> None:
        if one.id not in self._keys:
            row = self._db.execute(_ADD_NODE, (one.id, one.kind.value, one.project, seq)).fetchone()
            if row:
                self._keys[one.id] = row[0]
                self._fresh.add(row[0])

    def _key(self, node: str) -> int | None:
        """The node's key; None, until it is added, of a node that does not exist."""
        key = self._keys.get(node)
        if key is None:
            row = self._db.execute(_KEY, (node,)).fetchone()
            if row:
                key = self._keys[node] = row[0]
        return key

    def _attribute(self, node: int, name: str, value: AttributeValue | None, seq: int) -> None:
        held = self._holds(node, name)
        if held is not None:
            if value == held[1] and type(value) is type(held[1]):
                return
            self._end(node, name, held, seq)
        if value is not None:
            self._began.add((node, name, seq))
            self._held[node, name] = seq, value
        else:
            self._held[node, name] = None

    def _holds(self, node: int, name: str) -> _Held | None:
        """What the attribute holds so far, by this batch or by the file."""
        known = node, name
        if known not in self._held:
            row = None
            if node not in self._fresh:
                row = self._db.execute(_HELD, known).fetchone()
            self._held[known] = row
        return self._held[known]

    def _end(self, node: int, name: str, held: _Held, until: int) -> None:
        began, value = held
        if (node, name, began) in self._began:
            self._began.remove((node, name, began))
            self._attributes.append((node, name, began, until, value))
        else:
            self._ended.append((until, node, name, began))
