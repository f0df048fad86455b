"""The graph of a project as an export sees it, read page by page from a backend."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from domain.canonical import JsonObject, JsonValue
from domain.errors import BackendError
from graph.model import NodeKind


@dataclass(frozen=True, slots=True)
class ExportedNode:
    """A node with its attributes."""

    id: str
    kind: NodeKind
    attributes: Mapping[str, str | int]

    def text(self, name: str) -> str:
        """An attribute as text; empty when there is none."""
        return str(self.attributes.get(name, ""))


@dataclass(frozen=True, slots=True, order=True)
class ExportedEdge:
    """An edge, pointing upstream."""

    source: str
    type: str
    target: str
    role: str
    facet: str


@dataclass(frozen=True, slots=True)
class ExportedGraph:
    """Everything of a project, as of a tree size; nodes by kind and age."""

    project: str
    tree_size: int
    nodes: tuple[ExportedNode, ...]
    edges: tuple[ExportedEdge, ...]


class Asker(Protocol):
    """``lineproof.cli.backend.Backend``, as far as it is needed."""

    def ask(self, operation: str, arguments: JsonObject) -> JsonObject:
        """Carries out an operation."""
        ...


def read_graph(backend: Asker, project: str) -> ExportedGraph:
    """The graph as it stands now; pages that follow see the same position."""
    nodes: list[ExportedNode] = []
    edges: list[ExportedEdge] = []
    size: JsonValue = None
    for kind in NodeKind:
        after: JsonValue = None
        while True:
            question: JsonObject = {"kind": kind.value, "after": after, "asOf": size}
            page = backend.ask("graph.page", question)
            size, after = page.get("treeSize"), page.get("after")
            nodes += [_node(one) for one in _list(page, "nodes")]
            edges += [_edge(one) for one in _list(page, "edges")]
            if after is None:
                break
    known = {node.id for node in nodes}
    inside = (edge for edge in edges if edge.target in known)
    return ExportedGraph(
        project, size if isinstance(size, int) else 0, tuple(nodes), tuple(sorted(inside))
    )


def _node(value: JsonObject) -> ExportedNode:
    attributes = cast("Mapping[str, str | int]", value.get("attributes") or {})
    return ExportedNode(str(value.get("id")), NodeKind(str(value.get("kind"))), attributes)


def _edge(value: JsonObject) -> ExportedEdge:
    source, type_, target, role, facet = (
        str(value.get(key) or "") for key in ("source", "type", "target", "role", "facet")
    )
    return ExportedEdge(source, type_, target, role, facet)


def _list(page: JsonObject, key: str) -> list[JsonObject]:
    items = page.get(key)
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise BackendError(f"The answer has no {key}.")
    return cast("list[JsonObject]", items)
