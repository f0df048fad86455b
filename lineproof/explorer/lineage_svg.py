"""Lineage as one picture: the asked node at the left, what it came from to the right."""

from graph.model import Node, NodeKind
from lineproof.compared.drawn_graph import Place, box, curve, places, size
from lineproof.explorer.markup import node_address
from resolvers.lineage import Lineage, label_of


def lineage_svg(found: Lineage, prefix: str) -> str:
    """An SVG without styles or scripts of its own; columns are distances, a node is a link."""
    boxes = places((node.id, distance) for node, distance in found.nodes)
    width, height = size(boxes)
    edges = [
        curve(boxes[edge.source], boxes[edge.target], f"{edge.type.value} {edge.role}".strip())
        for edge in found.edges
    ]
    nodes = [_node(node, boxes[node.id], prefix) for node, _ in found.nodes]
    return (
        f'<div class="scroll"><svg class="graph" role="img" aria-label="Lineage" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(edges)}{''.join(nodes)}</svg></div>"
    )


def _node(node: Node, place: Place, prefix: str) -> str:
    drawn = box(place, node.id, label_of(node), is_run=node.kind is NodeKind.RUN)
    return f'<a class="{node.kind.value.lower()}" href="{node_address(prefix, node)}">{drawn}</a>'
