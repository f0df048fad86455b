"""What the pages about the record are made of; every name in them is escaped text."""

import html
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from governance.inert import visible
from graph.model import Node, NodeKind, entity_id


def text(value: object) -> str:
    """``value`` as text that shows as itself and does nothing."""
    return html.escape(visible(str(value)))


def address(prefix: str, place: Sequence[str]) -> str:
    """``/explorer/…`` of the project whose addresses begin with ``prefix``, for an attribute."""
    path = "/".join(quote(part, safe="") for part in place)
    return f"{html.escape(prefix)}/explorer/{path}"


def node_address(prefix: str, node: Node) -> str:
    """The page about a node: a run's own, or the story of anything else."""
    if node.kind is NodeKind.RUN:
        return address(prefix, ("runs", entity_id(node.id)))
    return address(prefix, ("audit", node.id))


def link(place: str, label: str) -> str:
    """A link to an ``address``."""
    return f'<a href="{place}">{text(label)}</a>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are markup already; nothing when there is no row."""
    if not rows:
        return ""
    head = "".join(f"<th scope=col>{text(name)}" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}' for cell in row)}" for row in rows)
    return f'<div class="scroll"><table class="list"><thead><tr>{head}<tbody>{body}</table></div>'


def section(title: str, content: str) -> str:
    """A heading with its content; nothing when there is no content."""
    return f"<h2>{text(title)}</h2>{content}" if content else ""


def moment(ms: int | None) -> str:
    """Milliseconds since the epoch as UTC to the second."""
    if ms is None:
        return ""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError):
        return str(ms)


def number(value: float) -> str:
    """A metric's value, as short as it reads back the same."""
    return f"{value:.6g}"


def page(title: str, prefix: str, content: str) -> str:
    """A whole page of this server."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{text(title)} · Lineproof</title><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="/explorer/static/pages.css">'
        f'<main class="wide"><nav><a href="{html.escape(prefix)}/">Lineproof</a> '
        f'<a href="{html.escape(prefix)}/explorer/experiments">Experiments</a> '
        f'<a href="{html.escape(prefix)}/graphql">GraphiQL</a></nav>'
        f"<h1>{text(title)}</h1>{content}</main></html>\n"
    )
