"""Operations ``graph.page`` and ``points.page``: what ``lineproof export`` asks for."""

from typing import TYPE_CHECKING, Final

from domain.canonical import JsonObject, JsonValue
from domain.errors import NotFoundError, StaleError, UsageError
from domain.strict_shape import Shape
from graph.model import NodeKind, node_id
from resolvers.export_pages import graph_page, run_points

if TYPE_CHECKING:
    from lineproof.services import Services

PAGE: Final = 1_000
"""Nodes."""


def graph(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``kind`` of nodes, ``after`` (from the page before), ``asOf`` (the first page's
    ``treeSize``): gives ``nodes``, their outgoing ``edges``, ``after``, ``treeSize``.
    """
    shape = Shape(arguments, "arguments")
    as_of = _as_of(services, shape)
    kind = shape.text("kind")
    if kind not in NodeKind.__members__:
        raise UsageError(f"{kind[:60]!r} is no kind of node.", hint=", ".join(NodeKind))
    page = graph_page(
        services.graph, project, NodeKind(kind), after=_after(shape), limit=PAGE, as_of=as_of
    )
    return {
        "treeSize": as_of,
        "after": list(page.after) if page.after else None,
        "nodes": [
            {"id": node.id, "kind": node.kind, "seq": node.seq, "attributes": node.attributes}
            for node in page.nodes
        ],
        "edges": [
            {
                "source": edge.source,
                "type": edge.type,
                "target": edge.target,
                "role": edge.role,
                "facet": edge.facet,
            }
            for edge in page.edges
        ],
    }


def points(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``runId`` and ``asOf``: gives ``points``, lists of key, value as text, step, milliseconds."""
    shape = Shape(arguments, "arguments")
    as_of = _as_of(services, shape)
    run_id = shape.text("runId")
    wanted = node_id(NodeKind.RUN, run_id)
    node = services.graph.nodes([wanted]).get(wanted)
    if node is None or node.project != project:
        raise NotFoundError(f"Run with id={run_id[:64]} not found.", hint="Check the project.")
    found = run_points(services.metrics, run_id, as_of=as_of)
    rows: list[JsonValue] = [[p["key"], p["value"], p["step"], p["timestamp"]] for p in found]
    return {"treeSize": as_of, "points": rows}


def _as_of(services: "Services", shape: Shape) -> int:
    size = services.catch_up()
    if not shape.has("asOf"):
        return size
    asked = shape.integer("asOf")
    if asked > size:
        raise StaleError(f"The ledger has {size} entries, not {asked}.")
    return asked


def _after(shape: Shape) -> tuple[int, str] | None:
    if not shape.has("after"):
        return None
    after = shape.items("after")
    if len(after) == 2 and isinstance(after[0], int) and isinstance(after[1], str):
        return after[0], after[1]
    raise shape.wrong("after", "is not what a page gave")
