"""How a graph is drawn: boxes in columns, and curves between them."""

import html
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from governance.inert import visible

_BOX_WIDTH: Final = 190
_BOX_HEIGHT: Final = 30
_COLUMN: Final = 250
_ROW: Final = 44
_PAD: Final = 14
_LABEL: Final = 27

Place: TypeAlias = tuple[int, int]
"""Left and top of a box."""


def places(columns: Iterable[tuple[str, int]]) -> dict[str, Place]:
    """Where the box of each node stands; in a column in the order given, from the top."""
    found: dict[str, Place] = {}
    filled: dict[int, int] = {}
    for node, column in columns:
        row = filled.get(column, 0)
        filled[column] = row + 1
        found[node] = (_PAD + column * _COLUMN, _PAD + row * _ROW)
    return found


def size(boxes: Mapping[str, Place]) -> tuple[int, int]:
    """Width and height of a picture of at least one box."""
    right, bottom = (max(place[side] for place in boxes.values()) for side in (0, 1))
    return right + _BOX_WIDTH + _PAD, bottom + _BOX_HEIGHT + _PAD


def curve(start: Place, end: Place, title: str) -> str:
    """An edge from one box to another."""
    x1, y1 = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + _BOX_HEIGHT // 2
    bend = (x1 + x2) // 2
    return (
        f'<path d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}" class="edge">'
        f"<title>{html.escape(title)}</title></path>"
    )


def box(place: Place, node: str, label: str, *, is_run: bool) -> str:
    """A node with its label, cut to fit; runs are round."""
    shown = visible(label)
    short = shown if len(shown) <= _LABEL else shown[: _LABEL - 1] + "…"
    x, y = place
    corner = _BOX_HEIGHT // 2 if is_run else 3
    return (
        f"<title>{html.escape(visible(node))} {html.escape(shown)}</title>"
        f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="{corner}"/>'
        f'<text x="{x + 10}" y="{y + 19}">{html.escape(short)}</text>'
    )
