"""Files that clients stored, by path and by folder."""

from dataclasses import dataclass

from domain.errors import NotFoundError
from graph.model import Node, NodeKind, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from graph.projector import ACTIVE, file_root
from resolvers.attributes import integer, text


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it stands now."""

    path: str
    digest: str
    """``sha256:<hex>`` of its bytes."""
    size: int
    """Bytes."""
    blob: str = ""
    """``sha256:<hex>`` of the blob that holds it: its digest, unless it is sealed."""
    sealed_for: str = ""
    """The pseudonym of the subject whose key opens it; empty when it is not sealed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One name in a folder."""

    name: str
    size: int | None
    """Bytes; None for a folder."""


def file_at(graph: GraphReader, *, project: str, path: str) -> StoredFile:
    """The file at ``path``; ``NotFoundError`` when there is none."""
    wanted = node_id(NodeKind.FILE, f"{project}/{path}")
    node = graph.nodes([wanted]).get(wanted)
    if node is None or node.attributes.get("lifecycle") != ACTIVE:
        raise NotFoundError(
            f"No such artifact: '{path[:200]}'", hint="List the folder to see what is in it."
        )
    return _file(node)


def folder(graph: GraphReader, *, project: str, path: str) -> list[Listed]:
    """What stands directly in a folder, by name; nothing when there is no such folder."""
    listed: dict[str, Listed] = {}
    start = f"{path}/" if path else ""
    for file in files_below(graph, project=project, path=path):
        name, inner, _ = file.path.removeprefix(start).partition("/")
        listed[name] = Listed(name, None if inner else file.size)
    return [listed[name] for name in sorted(listed)]


def files_below(graph: GraphReader, *, project: str, path: str) -> list[StoredFile]:
    """The files in a folder and its folders, by path; every file for an empty path."""
    start = f"{path}/" if path else ""
    conditions = [Condition("lifecycle", Operator.EQ, ACTIVE)]
    if start.count("/") > 1:
        conditions.append(Condition("root", Operator.EQ, file_root(start)))
    elif start:
        below = (Operator.GE, path), (Operator.LT, f"{path}0")  # "0" comes next after "/".
        conditions += [Condition("root", operator, bound) for operator, bound in below]
    ids = graph.find_ids(NodeQuery(project, NodeKind.FILE, tuple(conditions)))
    files = (_file(node) for node in graph.nodes(ids).values())
    return sorted(
        (file for file in files if file.path.startswith(start)), key=lambda file: file.path
    )


def _file(node: Node) -> StoredFile:
    attributes = node.attributes
    digest = text(attributes, "digest")
    return StoredFile(
        path=text(attributes, "path"),
        digest=digest,
        size=integer(attributes, "size") or 0,
        blob=text(attributes, "blob") or digest,
        sealed_for=text(attributes, "sealed_for"),
    )
