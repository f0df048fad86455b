"""The canonical text of a graph: one form for all stores, so that equality is equality of bytes."""

import hashlib
from collections.abc import Iterator
from typing import Protocol

from domain.canonical import canonical_bytes
from graph.model import AttributeChange, Edge, Node


class Dumpable(Protocol):
    """A store that can say all it holds."""

    def dump(self) -> Iterator[bytes]: ...


def dump_digest(reader: Dumpable) -> str:
    """``sha256:<hex>`` over the dump's lines, each ended by a line feed."""
    digest = hashlib.sha256()
    for line in reader.dump():
        digest.update(line + b"\n")
    return "sha256:" + digest.hexdigest()


def node_line(node: Node) -> bytes:
    """``["node", id, kind, project, seq]``."""
    return canonical_bytes(["node", node.id, node.kind, node.project, node.seq])


def attribute_line(node: str, change: AttributeChange) -> bytes:
    """``["attribute", node, name, seq, until, value]``."""
    return canonical_bytes(["attribute", node, change.name, change.seq, change.until, change.value])


def edge_line(edge: Edge) -> bytes:
    """``["edge", source, type, target, role, facet, seq]``."""
    return canonical_bytes(
        ["edge", edge.source, edge.type, edge.target, edge.role, edge.facet, edge.seq]
    )
