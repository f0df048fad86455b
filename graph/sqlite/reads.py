"""Nodes, edges and histories out of the tables. ``as_of`` is a filter on seq and until."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Final

import orjson

from graph.model import AttributeChange, Edge, EdgeType, Node, NodeKind
from graph.port import NodeQuery
from graph.sqlite.conditions import MAX_INTEGER, Parameter, clamped, clause_sql
from graph.sqlite.rare import Found, rarest

# Faster than calling the enum, which counts in a closure.
_KINDS: Final = {kind.value: kind for kind in NodeKind}
_TYPES: Final = {type_.value: type_ for type_ in EdgeType}

_HELD: Final = """(
    SELECT json_group_object(a.name, a.value) FROM attribute AS a
    WHERE a.node = k.value AND a.seq < :as_of
      AND (a.until IS NULL OR a.until >= :as_of){named})
"""
"""A node's attributes as one value: a row for each would cost most of the time of a read."""
_NAMED: Final = " AND a.name IN (SELECT value FROM json_each(:names))"
_ATTRIBUTES: Final = f"SELECT k.value, {_HELD} FROM json_each(:keys) AS k"
_NODES: Final = f"""
    SELECT n.key, n.id, n.kind, n.project, n.seq, {_HELD.format(named="")}
    FROM json_each(:keys) AS k CROSS JOIN node AS n ON n.key = k.value
"""

_EDGES: Final = """
    SELECT s.id, e.type, t.id, e.role, e.facet, e.seq
    FROM edge AS e JOIN node AS s ON s.key = e.source JOIN node AS t ON t.key = e.target
    WHERE {end}.id IN (SELECT value FROM json_each(?)) AND e.seq < ?
      AND (? IS NULL OR e.type IN (SELECT value FROM json_each(?)))
"""


def position(as_of: int | None) -> int:
    """``as_of`` as a number: the position past every entry when it is None."""
    return MAX_INTEGER if as_of is None else clamped(as_of)


def nodes(
    db: sqlite3.Connection,
    ids: Collection[str],
    as_of: int | None,
    names: Collection[str] | None = None,
) -> dict[str, Node]:
    """``GraphReader.nodes``."""
    rows = db.execute(
        "SELECT key, id, kind, project, seq FROM node"
        " WHERE id IN (SELECT value FROM json_each(?)) AND seq < ? ORDER BY id",
        (json.dumps(list(ids)), position(as_of)),
    ).fetchall()
    return {node.id: node for node in with_attributes(db, rows, as_of, names)}


def find(db: sqlite3.Connection, query: NodeQuery, as_of: int | None) -> list[Node]:
    """``GraphReader.find``."""
    where, parameters = _narrowed(db, query, as_of)
    if query.after is not None:
        where += f" AND (n.seq, n.id) {'<' if query.descending else '>'} (?, ?)"
        parameters += [clamped(query.after[0]), query.after[1]]
    way = "DESC" if query.descending else "ASC"
    rows = db.execute(
        f"SELECT n.key, n.id, n.kind, n.project, n.seq FROM node AS n WHERE {where}"
        f" ORDER BY n.seq {way}, n.id {way} LIMIT ?",
        [*parameters, -1 if query.limit is None else clamped(query.limit)],
    ).fetchall()
    return with_attributes(db, rows, as_of)


def count(db: sqlite3.Connection, query: NodeQuery, as_of: int | None) -> int:
    """``GraphReader.count``."""
    where, parameters = _narrowed(db, query, as_of)
    row = db.execute(f"SELECT count(*) FROM node AS n WHERE {where}", parameters).fetchone()
    return int(row[0])


def outgoing(
    db: sqlite3.Connection,
    ids: Collection[str],
    types: Collection[EdgeType] | None,
    as_of: int | None,
) -> dict[str, tuple[Edge, ...]]:
    """``GraphReader.outgoing``."""
    found = _edges(db, "s", ids, types, as_of)
    return {id_: tuple(found.get(id_, ())) for id_ in ids}


def incoming(
    db: sqlite3.Connection,
    ids: Collection[str],
    types: Collection[EdgeType] | None,
    as_of: int | None,
) -> dict[str, tuple[Edge, ...]]:
    """``GraphReader.incoming``."""
    found = _edges(db, "t", ids, types, as_of)
    return {id_: tuple(found.get(id_, ())) for id_ in ids}


def history(db: sqlite3.Connection, node: str) -> list[AttributeChange]:
    """``GraphReader.history``."""
    rows = db.execute(
        "SELECT name, value, seq, until FROM attribute"
        " WHERE node IN (SELECT key FROM node WHERE id IN (SELECT value FROM json_each(?)))"
        " ORDER BY name, seq",
        (json.dumps([node]),),
    )
    return [AttributeChange(*row) for row in rows]


def with_attributes(
    db: sqlite3.Connection,
    rows: Sequence[tuple[int, str, str, str, int]],
    as_of: int | None,
    names: Collection[str] | None = None,
) -> list[Node]:
    """The nodes of ``rows`` (key, id, kind, project, seq), in their order."""
    parameters: dict[str, Parameter] = {
        "keys": json.dumps([row[0] for row in rows]),
        "as_of": position(as_of),
    }
    if names is not None:
        parameters["names"] = json.dumps(list(names))
    sql = _ATTRIBUTES.format(named="" if names is None else _NAMED)
    values: dict[int, str] = dict(db.execute(sql, parameters).fetchall())
    return [
        Node(id_, _KINDS[kind], project, seq, orjson.loads(values[key]))
        for key, id_, kind, project, seq in rows
    ]


def by_key(db: sqlite3.Connection, keys: Collection[int], as_of: int | None) -> dict[int, Node]:
    """The nodes of ``keys`` with all their attributes."""
    parameters = {"keys": json.dumps(list(keys)), "as_of": position(as_of)}
    rows = db.execute(_NODES, parameters).fetchall()
    return {
        key: Node(id_, _KINDS[kind], project, seq, orjson.loads(values))
        for key, id_, kind, project, seq, values in rows
    }


def where_sql(
    query: NodeQuery, as_of: int | None, rare: Found | None = None
) -> tuple[str, list[Parameter]]:
    """What a node ``n`` must be, and the parameters in order; only ``rare`` finds candidates."""
    at = position(as_of)
    tests = ["n.project = ? AND n.kind = ? AND n.seq < ?"]
    parameters: list[Parameter] = [query.project, query.kind.value, at]
    if rare is not None:
        # The plus keeps SQLite from walking all nodes of the kind instead.
        tests = [rare.sql, "+n.project = ? AND +n.kind = ? AND +n.seq < ?"]
        parameters = [*rare.parameters, *parameters]
    for clause in query.conditions:
        sql, values = clause_sql(clause, at)
        tests.append(sql)
        parameters += values
    return " AND ".join(tests), parameters


def _narrowed(
    db: sqlite3.Connection, query: NodeQuery, as_of: int | None
) -> tuple[str, list[Parameter]]:
    """``where_sql``, led by an index where that finds few nodes."""
    return where_sql(query, as_of, rarest(db, query))


def _edges(
    db: sqlite3.Connection,
    end: str,
    ids: Collection[str],
    types: Collection[EdgeType] | None,
    as_of: int | None,
) -> dict[str, list[Edge]]:
    """Edges whose end (``s``ource or ``t``arget) is in ``ids``, ordered, by that end."""
    wanted = None if types is None else json.dumps(sorted(types))
    rows = db.execute(
        _EDGES.format(end=end), (json.dumps(list(ids)), position(as_of), wanted, wanted)
    )
    found: dict[str, list[Edge]] = {}
    for row in sorted(rows):
        edge = edge_of(row)
        found.setdefault(edge.source if end == "s" else edge.target, []).append(edge)
    return found


def edge_of(row: tuple[str, str, str, str, str, int]) -> Edge:
    """The edge in ``row`` (source, type, target, role, facet, seq)."""
    source, type_, target, role, facet, seq = row
    return Edge(source, _TYPES[type_], target, role, facet, seq)
