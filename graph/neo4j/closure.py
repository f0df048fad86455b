"""Reachability, whatever the number of paths: level by level, one query a level, or from a single
root in one query, which the server walks breadth first and enters each node once.
"""

from collections.abc import Collection
from typing import Final

from graph.model import Edge, EdgeType
from graph.neo4j.connection import AnyTransaction, run
from graph.neo4j.reads import edges, nodes
from graph.neo4j.text import clamped
from graph.port import Direction, Subgraph

_REACHED: Final = """
    MATCH (r:Entity {{id: $id}}) WHERE r.seq < $as_of
    MATCH (r){step}(n:Entity) WHERE all(one IN e WHERE one.seq < $as_of)
    WITH DISTINCT n RETURN collect(n.id)
"""
"""Without a variable for the path, and with DISTINCT: else every path would be walked."""


def closure(
    tx: AnyTransaction,
    roots: Collection[str],
    direction: Direction,
    types: Collection[EdgeType],
    depth: int | None,
    limit: int | None,
    as_of: int,
) -> Subgraph:
    """See ``GraphReader.closure``."""
    walk = _Walk(tx, direction, types, as_of)
    walk.go(nodes(tx, roots, as_of), depth, limit)
    nearest = sorted(walk.distance, key=lambda id_: (walk.distance[id_], id_))
    kept = nearest[:limit]
    found = nodes(tx, kept, as_of)
    return Subgraph(
        nodes=tuple(found[id_] for id_ in kept),
        edges=tuple(edge for edge in walk.edges() if edge.source in found and edge.target in found),
        distance={id_: walk.distance[id_] for id_ in kept},
        truncated=len(kept) < len(nearest),
    )


def reachable(
    tx: AnyTransaction,
    roots: Collection[str],
    direction: Direction,
    types: Collection[EdgeType],
    as_of: int,
) -> frozenset[str]:
    """See ``GraphReader.reachable``."""
    if len(roots) == 1 and types:
        return _from_one(tx, next(iter(roots)), direction, types, as_of)
    walk = _Walk(tx, direction, types, as_of)
    walk.go(nodes(tx, roots, as_of), None, None)
    return frozenset(walk.distance)


def _from_one(
    tx: AnyTransaction,
    root: str,
    direction: Direction,
    types: Collection[EdgeType],
    as_of: int,
) -> frozenset[str]:
    names = "|".join(sorted(type_.value for type_ in types))
    step = f"-[e:{names}*0..]->" if direction is Direction.UPSTREAM else f"<-[e:{names}*0..]-"
    return frozenset(run(tx, _REACHED.format(step=step), id=root, as_of=clamped(as_of)))


class _Walk:
    """A breadth-first search that remembers what it crossed."""

    def __init__(
        self, tx: AnyTransaction, direction: Direction, types: Collection[EdgeType], as_of: int
    ) -> None:
        self._tx = tx
        self._end = "s" if direction is Direction.UPSTREAM else "t"
        self._types = types
        self._as_of = as_of
        self._crossed: list[Edge] = []
        self._frontier: list[str] = []
        self.distance: dict[str, int] = {}

    def go(self, roots: Collection[str], depth: int | None, limit: int | None) -> None:
        """Up to ``depth``; stops after the level in which more than ``limit`` are found."""
        self.distance = dict.fromkeys(roots, 0)
        self._frontier = list(self.distance)
        level = 0
        while self._frontier and (depth is None or level < depth):
            if limit is not None and len(self.distance) > limit:
                break
            level += 1
            crossed = self._cross()
            reached = dict.fromkeys(e.target if self._end == "s" else e.source for e in crossed)
            self._frontier = [id_ for id_ in reached if id_ not in self.distance]
            self.distance.update(dict.fromkeys(self._frontier, level))

    def edges(self) -> list[Edge]:
        """All edges that leave anything found, ordered."""
        self._cross()
        self._frontier = []
        return sorted(self._crossed)

    def _cross(self) -> list[Edge]:
        crossed = edges(self._tx, self._end, self._frontier, self._types, self._as_of)
        self._crossed += crossed
        return crossed
