"""Lineage as one picture: the asked node at the left, what it came from to the right."""

import html

from governance.inert import visible
from graph.model import Node, NodeKind
from lineproof.explorer.markup import node_address
from resolvers.lineage import Lineage, label_of

_BOX_WIDTH, _BOX_HEIGHT, _COLUMN, _ROW, _PAD = 190, 30, 250, 44, 14
_LABEL = 27


def lineage_svg(found: Lineage, prefix: str) -> str:
    """An SVG without styles or scripts of its own; columns are distances, a node is a link."""
    places: dict[str, tuple[int, int]] = {}
    filled: dict[int, int] = {}
    for node, distance in found.nodes:
        row = filled.get(distance, 0)
        filled[distance] = row + 1
        places[node.id] = (_PAD + distance * _COLUMN, _PAD + row * _ROW)
    width = _PAD * 2 + max(filled) * _COLUMN + _BOX_WIDTH
    height = _PAD * 2 + max(filled.values()) * _ROW
    edges = [
        _edge(places[edge.source], places[edge.target], f"{edge.type.value} {edge.role}".strip())
        for edge in found.edges
    ]
    nodes = [_node(node, places[node.id], prefix) for node, _ in found.nodes]
    return (
        f'<div class="scroll"><svg class="graph" role="img" aria-label="Lineage" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(edges)}{''.join(nodes)}</svg></div>"
    )


def _edge(start: tuple[int, int], end: tuple[int, int], title: str) -> str:
    x1, y1 = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + _BOX_HEIGHT // 2
    bend = (x1 + x2) // 2
    return (
        f'<path d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}" class="edge">'
        f"<title>{html.escape(title)}</title></path>"
    )


def _node(node: Node, place: tuple[int, int], prefix: str) -> str:
    label = visible(label_of(node))
    short = label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"
    x, y = place
    corner = _BOX_HEIGHT // 2 if node.kind is NodeKind.RUN else 3
    return (
        f'<a class="{node.kind.value.lower()}" href="{node_address(prefix, node)}">'
        f"<title>{html.escape(visible(node.id))} {html.escape(label)}</title>"
        f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="{corner}"/>'
        f'<text x="{x + 10}" y="{y + 19}">{html.escape(short)}</text></a>'
    )
