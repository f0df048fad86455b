"""Registered models as subjects of an audit: by name, or one version as ``<name>/<number>``."""

from collections.abc import Iterator

from governance.products import nodes_of_version
from graph.model import NodeKind
from graph.model_projector import logged_model
from graph.port import Condition, GraphReader, NodeQuery, Operator

KINDS = (NodeKind.REGISTERED_MODEL, NodeKind.MODEL_VERSION)


def find_model(graph: GraphReader, project: str, text: str, *, as_of: int) -> str | None:
    """The node of the registered model or version that ``text`` names; None when there is none.

    Of several models that had the name one after another, the latest.
    """
    name, slash, number = text.removeprefix("model:").rpartition("/")
    if not slash or not (number.isascii() and number.isdecimal()):
        name, number = text.removeprefix("model:"), ""
    named = (Condition("name", Operator.EQ, name),)
    query = NodeQuery(project, NodeKind.REGISTERED_MODEL, named, descending=True, limit=1)
    found = graph.find(query, as_of=as_of)
    if not found or not number:
        return found[0].id if found else None
    version = f"{found[0].id.replace('registered_model:', 'model_version:', 1)}/{int(number)}"
    return version if graph.nodes([version], names=(), as_of=as_of) else None


def versions_told(graph: GraphReader, project: str, subject: str, *, as_of: int) -> list[str]:
    """The versions that an audit of ``subject`` tells of: all of a model, or the one."""
    if not subject.startswith("registered_model:"):
        return [subject] if subject.startswith("model_version:") else []
    model = subject.rpartition("/")[2]
    of = (Condition("model", Operator.EQ, model),)
    return list(graph.find_ids(NodeQuery(project, NodeKind.MODEL_VERSION, of), as_of=as_of))


def behind_versions(graph: GraphReader, versions: list[str], *, as_of: int) -> Iterator[str]:
    """The runs and artifact versions that they were made from."""
    for node in graph.nodes(versions, as_of=as_of).values():
        found = nodes_of_version(graph, node.project, node)
        yield from graph.nodes(found, names=(), as_of=as_of)


def beside_versions(
    graph: GraphReader, project: str, versions: list[str], *, as_of: int
) -> Iterator[str]:
    """Their registered models and logged models, which are no nodes of the lineage."""
    for node in graph.nodes(versions, as_of=as_of).values():
        yield f"registered_model:{project}/{node.attributes['model']}"
        if node.attributes.get("model_id"):
            yield logged_model(project, str(node.attributes["model_id"]))
