"""The numbers of artifact versions: how manieth of its kind and name a version is, by first leaf.

A number never changes, for versions are only added at the end. So what was once read of a graph is
kept with it: a comparison among a hundred thousand versions reads those that are new to it.
"""

import threading
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from graph.model import Node, NodeKind
from graph.port import Condition, GraphReader, NodeQuery, Operator

MAX_VERSIONS: Final = 2_000
"""Versions that are numbered in one project and answer, of all asked names; others have none."""
KEPT_NAMES: Final = 1_000
"""Names whose versions are kept for one graph."""

_lock = threading.Lock()
_kept: "WeakKeyDictionary[GraphReader, dict[tuple[str, str], _Versions]]" = WeakKeyDictionary()


@dataclass(slots=True)
class _Versions:
    """The first versions of one name in one project."""

    complete: int = 0
    """Every version before this leaf is here, or ``MAX_VERSIONS`` of them."""
    places: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """(seq, node id), ordered."""
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """Node id to number among those of its kind."""
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """By kind."""


def artifact_ordinals(
    graph: GraphReader, artifacts: Iterable[Node], *, as_of: int | None
) -> dict[str, int]:
    """Artifact node id to its number; all of them must be visible as of ``as_of``."""
    asked: dict[str, list[Node]] = {}
    for node in artifacts:
        if node.kind is NodeKind.ARTIFACT:
            asked.setdefault(node.project, []).append(node)
    ordinals: dict[str, int] = {}
    with _lock:
        kept = {} if as_of is None else _kept.setdefault(graph, {})
        if len(kept) > KEPT_NAMES:
            kept.clear()
        for project, nodes in sorted(asked.items()):
            needed = 1 + max(node.seq for node in nodes)
            of_name = {
                name: _versions(kept, graph, (project, name), needed, as_of)
                for name in sorted({_name(node) for node in nodes})
            }
            for node in nodes:
                number = of_name[_name(node)].numbers.get(node.id, 0)
                place = (node.seq, node.id)
                before = sum(bisect_right(each.places, place) for each in of_name.values())
                if number and before <= MAX_VERSIONS:
                    ordinals[node.id] = number
    return ordinals


def _versions(
    kept: dict[tuple[str, str], _Versions],
    graph: GraphReader,
    key: tuple[str, str],
    needed: int,
    as_of: int | None,
) -> _Versions:
    versions = kept.setdefault(key, _Versions())
    missing = MAX_VERSIONS - len(versions.places)
    if missing and versions.complete < needed:
        project, name = key
        query = NodeQuery(
            project,
            NodeKind.ARTIFACT,
            (Condition("name", Operator.EQ, name),),
            after=versions.places[-1] if versions.places else None,
            limit=missing,
        )
        for node in graph.find(query, as_of=as_of):
            kind = str(node.attributes.get("kind", ""))
            versions.counts[kind] = versions.numbers[node.id] = versions.counts.get(kind, 0) + 1
            versions.places.append((node.seq, node.id))
        versions.complete = needed if as_of is None else as_of
    return versions


def _name(node: Node) -> str:
    return str(node.attributes.get("name", ""))
