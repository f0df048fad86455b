"""Lineage as the application gives it: one JSON form for HTTP and the command line.

A request has ``of`` (``run:<id>``, ``artifact:<id>``, or an id alone) and may have ``direction``
(UPSTREAM or DOWNSTREAM), ``depth``, ``kinds``, ``maxNodes``, ``asOf``; or ``to``, and then the
answer is one shortest path from ``of`` up to it.
"""

from typing import TYPE_CHECKING

from domain.canonical import JsonObject, JsonValue
from domain.errors import NotFoundError, UsageError
from governance.request_reader import object_of, required_text, text_list, text_member
from graph.model import NodeKind, node_id
from graph.port import Direction, GraphReader
from lineproof.positions import asked_position, bounded_integer
from resolvers.lineage import (
    ALL_KINDS,
    IMPACT,
    MAX_DEPTH,
    MAX_NODES,
    Lineage,
    label_of,
    lineage,
    shortest_path,
)

if TYPE_CHECKING:
    from lineproof.services import Services

DEFAULT_NODES = 300
_ID_LIMIT = 300
_MEMBERS = ("of", "direction", "depth", "kinds", "maxNodes", "asOf", "to")


def lineage_answer(services: "Services", request: JsonValue, *, project: str) -> JsonObject:
    """The answer to a lineage request.

    Downstream also shows the verdicts on what was reached. Raises ``UsageError`` for a malformed
    request, ``NotFoundError`` for a node that the project lacks.
    """
    fields = object_of(request, "the request", _MEMBERS)
    as_of = asked_position(services, fields.get("asOf"))
    graph = services.graph
    root = _node(graph, required_text(fields, "of", limit=_ID_LIMIT), project, as_of)
    to = text_member(fields, "to", limit=_ID_LIMIT)
    if to is not None:
        end = _node(graph, to, project, as_of)
        return _answer(shortest_path(graph, root, end, project=project, as_of=as_of), as_of)
    direction = _direction(text_member(fields, "direction", limit=20))
    depth = fields.get("depth")
    found = lineage(
        graph,
        root,
        project=project,
        direction=direction,
        depth=None if depth is None else bounded_integer(depth, "depth", 0, MAX_DEPTH, MAX_DEPTH),
        max_nodes=bounded_integer(fields.get("maxNodes"), "maxNodes", 1, MAX_NODES, DEFAULT_NODES),
        as_of=as_of,
        kinds=_kinds(fields),
        types=IMPACT,
    )
    return _answer(found, as_of)


def _node(graph: GraphReader, text: str, project: str, as_of: int) -> str:
    """The graph node that ``text`` names; an id alone is a run's, or else an artifact's."""
    kinds = (NodeKind.RUN, NodeKind.ARTIFACT)
    prefixed = [kind for kind in kinds if text.startswith(node_id(kind, ""))]
    wanted = [text] if prefixed else [node_id(kind, text) for kind in kinds]
    found = graph.nodes(wanted, as_of=as_of)
    for each in wanted:
        if each in found and found[each].project == project:
            return each
    raise NotFoundError(
        f"There is no run or artifact {text[:64]!r} in this project.",
        hint="Give a run id, or run:<id> or artifact:<id> as `lineproof lineage` prints them.",
    )


def _direction(text: str | None) -> Direction:
    if text is None:
        return Direction.UPSTREAM
    try:
        return Direction(text.upper())
    except ValueError as error:
        raise UsageError("'direction' is UPSTREAM or DOWNSTREAM.") from error


def _kinds(fields: JsonObject) -> frozenset[NodeKind]:
    if fields.get("kinds") is None:
        return ALL_KINDS
    names = [name.upper() for name in text_list(fields, "kinds", most=len(NodeKind), limit=20)]
    unknown = sorted(set(names) - set(NodeKind))
    if unknown:
        raise UsageError(
            f"{unknown[0]!r} is no kind of node.", hint=f"Known: {', '.join(sorted(NodeKind))}."
        )
    return frozenset(map(NodeKind, names))


def _answer(found: Lineage, as_of: int) -> JsonObject:
    return {
        "asOf": as_of,
        "nodes": [
            {
                "id": node.id,
                "kind": node.kind.value,
                "label": label_of(node),
                "distance": distance,
            }
            for node, distance in found.nodes
        ],
        "edges": [
            {"from": edge.source, "to": edge.target, "type": edge.type.value, "role": edge.role}
            for edge in found.edges
        ],
        "truncated": found.truncated,
    }
