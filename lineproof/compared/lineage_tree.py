"""Lineage on a terminal: nodes by distance, or a path as one step after another."""

from typing import TypedDict, cast

from domain.canonical import JsonObject
from domain.errors import BackendError
from governance.inert import visible
from lineproof.compared.answer import GraphEdge
from lineproof.compared.style import Style


class LineageNode(TypedDict):
    """A node with its distance from the asked one."""

    id: str
    kind: str
    label: str
    distance: int


class LineageAnswer(TypedDict):
    """The answer to ``POST /lineage``."""

    asOf: int
    nodes: list[LineageNode]
    edges: list[GraphEdge]
    truncated: bool


def lineage_of(answer: JsonObject) -> LineageAnswer:
    """``answer``; ``BackendError`` when it is no lineage."""
    missing = sorted(LineageAnswer.__annotations__.keys() - answer.keys())
    if missing:
        raise BackendError(
            f"The answer is not a lineage: it has no {missing[0]}.",
            hint="Ask a server of the same version.",
        )
    return cast("LineageAnswer", answer)


def lineage_table(answer: LineageAnswer, style: Style) -> str:
    """One line a node, indented by distance, with the edges that lead to it."""
    ways: dict[str, list[str]] = {}
    for edge in answer["edges"]:
        for end in (edge["from"], edge["to"]):
            ways.setdefault(end, []).append(_way(edge, end))
    lines = [_line(node, ways.get(node["id"], []), style) for node in answer["nodes"]]
    if answer["truncated"]:
        lines.append(style.paint("… more nodes than --max-nodes", "doubt"))
    return "\n".join(lines) + "\n"


def path_table(answer: LineageAnswer, style: Style) -> str:
    """One line a step; says so when there is no path."""
    if not answer["nodes"]:
        return "It is not upstream.\n"
    steps = {edge["to"]: edge for edge in answer["edges"]}
    lines: list[str] = []
    for node in answer["nodes"]:
        edge = steps.get(node["id"])
        if edge is not None:
            role = f" ({visible(edge['role'])})" if edge["role"] else ""
            lines.append(style.paint(f"  ↑ {edge['type'].lower().replace('_', ' ')}{role}", "dim"))
        lines.append(_named(node, style))
    return "\n".join(lines) + "\n"


def _line(node: LineageNode, ways: list[str], style: Style) -> str:
    shown = ", ".join(sorted(set(ways))[:4])
    return f"{'  ' * node['distance']}{_named(node, style)}" + (
        f"  {style.paint(shown, 'dim')}" if node["distance"] and shown else ""
    )


def _named(node: LineageNode, style: Style) -> str:
    kind = node["kind"].lower()
    return f"{kind} {style.paint(visible(node['label']), 'bold')}  {visible(node['id'])}"


def _way(edge: GraphEdge, end: str) -> str:
    verb = edge["type"].lower().replace("_", " ")
    role = f" {visible(edge['role'])}" if edge["role"] else ""
    return f"{verb}{role}" if end == edge["to"] else f"it {verb}{role}"
