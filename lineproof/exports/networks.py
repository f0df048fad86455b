"""Node-link JSON and GraphML: what networkx, Gephi and yEd read."""

import re
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from domain.canonical import JsonValue
from lineproof.exports.graph import ExportedGraph

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def node_link(graph: ExportedGraph) -> dict[str, JsonValue]:
    """``networkx.node_link_graph`` makes a directed multigraph of it."""
    nodes: list[JsonValue] = [
        {**node.attributes, "id": node.id, "node": node.kind.value} for node in graph.nodes
    ]
    edges: list[JsonValue] = [
        {
            "source": edge.source,
            "target": edge.target,
            "key": f"{edge.type}/{edge.role}",
            "type": edge.type,
            "role": edge.role,
            "facet": edge.facet,
        }
        for edge in graph.edges
    ]
    about: dict[str, JsonValue] = {"project": graph.project, "tree_size": graph.tree_size}
    return {
        "directed": True,
        "multigraph": True,
        "graph": about,
        "nodes": nodes,
        "edges": edges,
    }


def graphml(graph: ExportedGraph) -> Iterator[str]:
    """Lines of a GraphML document (graphml.graphdrawing.org)."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    keys = sorted({name for node in graph.nodes for name in node.attributes})
    ids = {name: f"n{number}" for number, name in enumerate(["node", *keys])}
    every = [pair for node in graph.nodes for pair in node.attributes.items()]
    texts = {name for name, value in every if isinstance(value, str)} | {"node"}
    for name, key in ids.items():
        kind = "string" if name in texts else "long"
        yield f'<key id="{key}" for="node" attr.name={_quoted(name)} attr.type="{kind}"/>\n'
    for name in ("type", "role", "facet"):
        yield f'<key id="{name}" for="edge" attr.name="{name}" attr.type="string"/>\n'
    yield f'<graph id={_quoted(graph.project)} edgedefault="directed">\n'
    for node in graph.nodes:
        values = {**node.attributes, "node": node.kind.value}
        data = "".join(
            f'<data key="{ids[name]}">{_escaped(str(values[name]))}</data>'
            for name in sorted(values)
        )
        yield f"<node id={_quoted(node.id)}>{data}</node>\n"
    for number, edge in enumerate(graph.edges):
        data = "".join(
            f'<data key="{name}">{_escaped(value)}</data>'
            for name, value in (("type", edge.type), ("role", edge.role), ("facet", edge.facet))
        )
        ends = f"source={_quoted(edge.source)} target={_quoted(edge.target)}"
        yield f'<edge id="e{number}" {ends}>{data}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _quoted(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
