"""What descends from a root: the closure that a quarantine covers, and its digest."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.canonical import canonical_digest
from domain.errors import NotFoundError
from domain.quarantine import Closure
from graph.model import LINEAGE, Edge, Node, NodeKind, entity_id, node_id
from graph.port import Condition, Direction, GraphReader, NodeQuery, Operator

_ROOTS = (NodeKind.RUN, NodeKind.ARTIFACT)


@dataclass(frozen=True, slots=True)
class Descent:
    """Everything downstream of a root, itself included."""

    root: str
    as_of: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def closure(self) -> Closure:
        """Root, digest, count and position: what the ledger keeps."""
        return _closure(self.root, [node.id for node in self.nodes], self.as_of)


def descent_of(graph: GraphReader, root: str, *, as_of: int) -> Descent:
    """The closure over the provenance edges as of a position; the same on every store."""
    found = graph.closure([root], direction=Direction.DOWNSTREAM, types=LINEAGE, as_of=as_of)
    return Descent(root, as_of, found.nodes, found.edges)


def closure_of(graph: GraphReader, root: str, *, as_of: int) -> Closure:
    """``descent_of(…).closure()`` without reading what the nodes are."""
    ids = graph.reachable([root], direction=Direction.DOWNSTREAM, types=LINEAGE, as_of=as_of)
    return _closure(root, ids, as_of)


def _closure(root: str, ids: Iterable[str], as_of: int) -> Closure:
    ordered = sorted(ids)
    return {
        "root": root,
        "closure_digest": canonical_digest(ordered),
        "count": len(ordered),
        "at_seq": as_of,
    }


def find_root(graph: GraphReader, project: str, text: str, *, as_of: int) -> str:
    """The graph node that ``text`` names: ``run:<id>``, ``artifact:<id>``, ``<name>@<digest>``.

    The digest may be cut short while it names one version only. Raises ``NotFoundError``.
    """
    kind = text.partition(":")[0]
    if kind in {str(each).lower() for each in _ROOTS}:
        node = graph.nodes([text], as_of=as_of).get(text)
        if node is not None and node.project == project:
            return node.id
    name, at, digest = text.rpartition("@")
    if at and digest:
        named = (Condition("name", Operator.EQ, name),)
        nodes = graph.find(NodeQuery(project, NodeKind.ARTIFACT, named), as_of=as_of)
        found = [each.id for each in nodes if str(each.attributes["digest"]).startswith(digest)]
        if len(found) == 1:
            return found[0]
    run = node_id(NodeKind.RUN, text)
    node = graph.nodes([run], as_of=as_of).get(run)
    if node is not None and node.project == project:
        return run
    raise NotFoundError(
        f"{text[:80]!r} names no run and no single artifact version of the project {project!r}.",
        hint="Write run:<run id>, artifact:<id>, or <name>@<digest>.",
    )


def shown_name(node: Node) -> str:
    """A node for people: its name and, of an artifact, the first of its digest."""
    name = str(node.attributes.get("name") or entity_id(node.id))
    digest = node.attributes.get("digest")
    return name if digest is None else f"{name}@{str(digest)[:12]}"
