"""The two ancestries as one picture: the runs at the left, what they came from to the right.

Columns are distances from the runs; what only one side has is coloured, what a cause names has a
strong outline.
"""

import html
from collections.abc import Mapping

from lineproof.compared.answer import Answer, GraphNode

_BOX_WIDTH, _BOX_HEIGHT, _COLUMN, _ROW, _PAD = 190, 30, 250, 44, 14
_LABEL = 27


def graph_svg(answer: Answer) -> str:
    """A self-contained SVG; empty when there is no node."""
    nodes = answer["diffGraph"]["nodes"]
    if not nodes:
        return ""
    columns = _columns(answer)
    places: dict[str, tuple[float, float]] = {}
    filled: dict[int, int] = {}
    for node in sorted(nodes, key=lambda node: (columns[node["id"]], node["side"], node["id"])):
        column = columns[node["id"]]
        row = filled.get(column, 0)
        filled[column] = row + 1
        places[node["id"]] = (_PAD + column * _COLUMN, _PAD + row * _ROW)
    width = _PAD * 2 + max(filled) * _COLUMN + _BOX_WIDTH
    height = _PAD * 2 + max(filled.values()) * _ROW
    named = {cause["path"][-1] for cause in answer["comparison"]["causes"]}
    drawn = [_node(node, places[node["id"]], node["id"] in named) for node in nodes]
    return (
        f'<svg class="graph" role="img" aria-label="Both ancestries as one graph" '
        f'viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(_edges(answer, places))}{''.join(drawn)}</svg>"
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


def _edges(answer: Answer, places: Mapping[str, tuple[float, float]]) -> list[str]:
    drawn: list[str] = []
    for edge in answer["diffGraph"]["edges"]:
        start, end = places.get(edge["from"]), places.get(edge["to"])
        if start is None or end is None:
            continue
        x1, y1 = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT / 2
        x2, y2 = end[0], end[1] + _BOX_HEIGHT / 2
        bend = (x1 + x2) / 2
        title = html.escape(" ".join(part for part in (edge["type"], edge["role"]) if part))
        drawn.append(
            f'<path d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}" class="edge">'
            f"<title>{title}</title></path>"
        )
    return drawn


def _node(node: GraphNode, place: tuple[float, float], named: bool) -> str:
    label = node["label"] if len(node["label"]) <= _LABEL else node["label"][: _LABEL - 1] + "…"
    tone = f"{node['side'].lower()}{' cause' if named else ''}"
    x, y = place
    corner = _BOX_HEIGHT / 2 if node["kind"] == "RUN" else 3
    return (
        f'<g class="{html.escape(tone)}"><title>{html.escape(node["id"])} '
        f"{html.escape(node['label'])}</title>"
        f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="{corner}"/>'
        f'<text x="{x + 10}" y="{y + 19}">{html.escape(label)}</text></g>'
    )
