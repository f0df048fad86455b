"""The two ancestries as one picture: the runs at the left, what they came from to the right.

Columns are distances from the runs; what only one side has is coloured, what a cause names has a
strong outline.
"""

import html
from collections.abc import Mapping

from lineproof.compared.answer import Answer, GraphNode
from lineproof.compared.drawn_graph import Place, box, curve, places, size


def graph_svg(answer: Answer) -> str:
    """A self-contained SVG; empty when there is no node."""
    nodes = answer["diffGraph"]["nodes"]
    if not nodes:
        return ""
    columns = _columns(answer)
    ordered = sorted(nodes, key=lambda node: (columns[node["id"]], node["side"], node["id"]))
    boxes = places((node["id"], columns[node["id"]]) for node in ordered)
    width, height = size(boxes)
    named = {cause["path"][-1] for cause in answer["comparison"]["causes"]}
    drawn = [_node(node, boxes[node["id"]], node["id"] in named) for node in nodes]
    return (
        f'<svg class="graph" role="img" aria-label="Both ancestries as one graph" '
        f'viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(_edges(answer, boxes))}{''.join(drawn)}</svg>"
    )


def _columns(answer: Answer) -> dict[str, int]:
    """Least distance from a compared run, breadth first; what no run reaches stands at 0."""
    comparison = answer["comparison"]
    runs = (*comparison["baseline"]["run_ids"], *comparison["candidate"]["run_ids"])
    column = {f"run:{run}": 0 for run in runs}
    targets: dict[str, list[str]] = {}
    for edge in answer["diffGraph"]["edges"]:
        targets.setdefault(edge["from"], []).append(edge["to"])
    queue = list(column)
    for node in queue:
        for target in targets.get(node, ()):
            if target not in column:
                column[target] = column[node] + 1
                queue.append(target)
    return {node["id"]: column.get(node["id"], 0) for node in answer["diffGraph"]["nodes"]}


def _edges(answer: Answer, boxes: Mapping[str, Place]) -> list[str]:
    return [
        curve(
            boxes[edge["from"]],
            boxes[edge["to"]],
            " ".join(part for part in (edge["type"], edge["role"]) if part),
        )
        for edge in answer["diffGraph"]["edges"]
        if edge["from"] in boxes and edge["to"] in boxes
    ]


def _node(node: GraphNode, place: Place, named: bool) -> str:
    tone = f"{node['side'].lower()}{' cause' if named else ''}"
    drawn = box(place, node["id"], node["label"], is_run=node["kind"] == "RUN")
    return f'<g class="{html.escape(tone)}">{drawn}</g>'
