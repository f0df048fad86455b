"""Reachability: a recursive query when everything is wanted, level by level when it is bounded."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeAlias

from graph.model import Edge, EdgeType
from graph.port import Direction, Subgraph
from graph.sqlite.reads import by_key, position

# Faster than calling the enum, which counts here.
_TYPES: Final = {type_.value: type_ for type_ in EdgeType}

_Row: TypeAlias = tuple[int, int, str, str, str, int]
"""An edge as it is walked: (here, there, type, role, facet, seq), ends by node key."""

# The sides of an edge: where a walk stands and where it goes on.
_SIDES: Final = {
    Direction.UPSTREAM: {"here": "source", "there": "target"},
    Direction.DOWNSTREAM: {"here": "target", "there": "source"},
}

_REACH: Final = """
    WITH RECURSIVE reach(key) AS (
        SELECT value FROM json_each(:keys)
        UNION
        SELECT e.{there} FROM reach CROSS JOIN edge AS e ON e.{here} = reach.key
        WHERE e.seq < :as_of AND ({types})
    )
    SELECT e.{here}, e.{there}, e.type, e.role, e.facet, e.seq
    FROM reach CROSS JOIN edge AS e ON e.{here} = reach.key
    WHERE e.seq < :as_of AND ({types})
"""

_STEP: Final = """
    SELECT e.{here}, e.{there}, e.type, e.role, e.facet, e.seq
    FROM json_each(:keys) AS k CROSS JOIN edge AS e ON e.{here} = k.value
    WHERE e.seq < :as_of AND ({types})
"""


_IDS: Final = """
    WITH RECURSIVE reach(key) AS (
        SELECT value FROM json_each(:keys)
        UNION
        SELECT e.{there} FROM reach CROSS JOIN edge AS e ON e.{here} = reach.key
        WHERE e.seq < :as_of AND ({types})
    )
    SELECT n.id FROM reach CROSS JOIN node AS n ON n.key = reach.key
"""


class _Walk:
    """One closure under way: how edges are fetched, and from where."""

    def __init__(
        self,
        db: sqlite3.Connection,
        direction: Direction,
        types: Collection[EdgeType],
        as_of: int | None,
    ) -> None:
        self._db = db
        # Our own enum's values, so literals are safe. Compared one by one, since IN would look each
        # edge up in a table; the plus keeps SQLite from seeking each node once for each type.
        tests = [f"+e.type = '{type_.value}'" for type_ in sorted(types)]
        self._parts = {**_SIDES[direction], "types": " OR ".join(tests) or "FALSE"}
        self._as_of = position(as_of)

    def reach(self, roots: Sequence[int]) -> list[_Row]:
        """All edges that leave anything reachable from ``roots``."""
        return self._fetch(_REACH, roots)

    def ids(self, roots: Sequence[int]) -> frozenset[str]:
        """The ids of everything reachable from ``roots``."""
        rows = self._execute(_IDS, roots)
        return frozenset(id_ for (id_,) in rows)

    def step(self, keys: Sequence[int]) -> list[_Row]:
        """The edges that leave ``keys``."""
        return self._fetch(_STEP, keys)

    def _fetch(self, sql: str, keys: Sequence[int]) -> list[_Row]:
        return self._execute(sql, keys).fetchall()

    def _execute(self, sql: str, keys: Sequence[int]) -> sqlite3.Cursor:
        parameters = {"keys": json.dumps(keys), "as_of": self._as_of}
        return self._db.execute(sql.format(**self._parts), parameters)


def closure(
    db: sqlite3.Connection,
    roots: Collection[str],
    direction: Direction,
    types: Collection[EdgeType],
    depth: int | None,
    limit: int | None,
    as_of: int | None,
) -> Subgraph:
    """See ``GraphReader.closure``."""
    walk = _Walk(db, direction, types, as_of)
    starts = _root_keys(db, roots, as_of)
    if depth is None and limit is None:
        edges = walk.reach(starts)
        distance = _distances(starts, edges)
        nodes = by_key(db, distance, as_of)
    else:
        distance = _levels(walk, starts, depth, limit)
        kept = _nearest(db, distance, limit)
        edges = walk.step(kept)
        nodes = by_key(db, kept, as_of)
    ids = {key: node.id for key, node in nodes.items()}
    order = sorted(ids, key=lambda key: (distance[key], ids[key]))
    return Subgraph(
        nodes=tuple([nodes[key] for key in order]),
        edges=_among(ids, edges, direction),
        distance={ids[key]: distance[key] for key in order},
        truncated=len(nodes) < len(distance),
    )


def reachable(
    db: sqlite3.Connection,
    roots: Collection[str],
    direction: Direction,
    types: Collection[EdgeType],
    as_of: int | None,
) -> frozenset[str]:
    """See ``GraphReader.reachable``."""
    return _Walk(db, direction, types, as_of).ids(_root_keys(db, roots, as_of))


def _root_keys(db: sqlite3.Connection, roots: Collection[str], as_of: int | None) -> list[int]:
    rows = db.execute(
        "SELECT key FROM node WHERE id IN (SELECT value FROM json_each(?)) AND seq < ?",
        (json.dumps(list(roots)), position(as_of)),
    )
    return [key for (key,) in rows]


def _distances(starts: Sequence[int], edges: Sequence[_Row]) -> dict[int, int]:
    """Least distance of everything in ``edges`` from ``starts``, breadth first."""
    neighbours: dict[int, list[int]] = {}
    for edge in edges:
        neighbours.setdefault(edge[0], []).append(edge[1])
    distance = dict.fromkeys(starts, 0)
    queue = list(distance)
    for key in queue:
        for neighbour in neighbours.get(key, ()):
            if neighbour not in distance:
                distance[neighbour] = distance[key] + 1
                queue.append(neighbour)
    return distance


def _levels(
    walk: _Walk, starts: Sequence[int], depth: int | None, limit: int | None
) -> dict[int, int]:
    """Distances up to ``depth``; stops after the level in which more than ``limit`` are found."""
    distance = dict.fromkeys(starts, 0)
    frontier = list(starts)
    level = 0
    while frontier and (depth is None or level < depth) and not _exceeds(distance, limit):
        level += 1
        reached = dict.fromkeys(edge[1] for edge in walk.step(frontier))
        frontier = [key for key in reached if key not in distance]
        distance.update(dict.fromkeys(frontier, level))
    return distance


def _exceeds(found: Mapping[int, int], limit: int | None) -> bool:
    return limit is not None and len(found) > limit


def _nearest(db: sqlite3.Connection, distance: Mapping[int, int], limit: int | None) -> list[int]:
    """The keys of ``distance``, or when there are more, its ``limit`` nearest, then by id."""
    if not _exceeds(distance, limit):
        return list(distance)
    rows: list[tuple[int, str]] = db.execute(
        "SELECT n.key, n.id FROM json_each(?) AS k CROSS JOIN node AS n ON n.key = k.value",
        (json.dumps(list(distance)),),
    ).fetchall()
    rows.sort(key=lambda row: (distance[row[0]], row[1]))
    return [key for key, _ in rows[:limit]]


def _among(ids: Mapping[int, str], edges: Sequence[_Row], direction: Direction) -> tuple[Edge, ...]:
    """Those of ``edges``, all of which leave something in ``ids``, that reach into it; ordered."""
    upstream = direction is Direction.UPSTREAM
    return tuple(
        sorted(
            [
                Edge(ids[here], _TYPES[type_], ids[there], role, facet, seq)
                if upstream
                else Edge(ids[there], _TYPES[type_], ids[here], role, facet, seq)
                for here, there, type_, role, facet, seq in edges
                if there in ids
            ]
        )
    )
