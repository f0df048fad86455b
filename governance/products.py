"""What stored files and model versions are made from, and whether that is under quarantine.

Files, logged models and model versions are no nodes of the lineage themselves: they belong to runs
and to artifact versions, which are.
"""

from collections.abc import Iterator
from typing import Final

from governance.holds import anything_held, require_clear
from graph.model import Node, NodeKind, node_id
from graph.model_projector import logged_model
from graph.port import Condition, GraphReader, NodeQuery, Operator

_MODELS: Final = "models"
"""The folder of an experiment's logged models: ``<experiment>/models/<model id>/artifacts/…``."""
_LOGGED, _OF_RUN, _STORED = "models:/", "runs:/", "mlflow-artifacts:/"
"""How the source of a model version begins."""


def require_clear_file(graph: GraphReader, project: str, path: str, *, at: int) -> None:
    """Raise ``QuarantinedError`` when the stored file must not be used at time ``at``, ms."""
    if anything_held(graph, project):
        require_clear(graph, project, nodes_of_file(graph, project, path), at=at)


def require_clear_version(graph: GraphReader, version: Node, *, at: int) -> None:
    """Raise ``QuarantinedError`` when the version of a model must not be used."""
    if anything_held(graph, version.project):
        found = nodes_of_version(graph, version.project, version)
        require_clear(graph, version.project, found, at=at)


def nodes_of_version(graph: GraphReader, project: str, version: Node) -> frozenset[str]:
    """What a version of a registered model was made from, as far as it is recorded."""
    said = [str(version.attributes.get(name, "")) for name in ("source", "run_id", "model_id")]
    return frozenset(_of_source(graph, project, *said))


def require_clear_source(
    graph: GraphReader, project: str, source: str, *, run_id: str, model_id: str, at: int
) -> None:
    """As ``require_clear_version``, of what is about to become one."""
    if anything_held(graph, project):
        found = set(_of_source(graph, project, source, run_id, model_id))
        require_clear(graph, project, found, at=at)


def nodes_of_file(graph: GraphReader, project: str, path: str) -> frozenset[str]:
    """The run or model whose folder the file is in, and the versions that have its content."""
    file = node_id(NodeKind.FILE, f"{project}/{path}")
    node = graph.nodes([file]).get(file)
    if node is None:
        return frozenset()
    of_content = versions_of_content(graph, project, str(node.attributes["digest"]))
    return frozenset([*_of_place(graph, project, path), *of_content])


def nodes_of_content(graph: GraphReader, project: str, digest: str) -> list[str]:
    """The versions with this SHA-256, and the runs and models in whose folders such a file is."""
    stored = (Condition("digest", Operator.EQ, f"sha256:{digest.removeprefix('sha256:')}"),)
    found = set(versions_of_content(graph, project, digest))
    for file in graph.find(NodeQuery(project, NodeKind.FILE, stored)):
        places = list(_of_place(graph, project, str(file.attributes["path"])))
        found.update(graph.nodes(places, names=()))
    return sorted(found)


def versions_of_content(graph: GraphReader, project: str, digest: str) -> list[str]:
    """The artifact versions that a SHA-256 over their bytes identifies as ``digest``."""
    conditions = (
        Condition("algorithm", Operator.EQ, "sha256"),
        Condition("digest", Operator.EQ, digest.removeprefix("sha256:")),
    )
    return list(graph.find_ids(NodeQuery(project, NodeKind.ARTIFACT, conditions)))


def _of_source(
    graph: GraphReader, project: str, source: str, run_id: str, model_id: str
) -> Iterator[str]:
    if run_id:
        yield node_id(NodeKind.RUN, run_id)
    if model_id:
        yield from _of_logged(graph, project, model_id)
    if source.startswith(_LOGGED):
        yield from _of_logged(graph, project, source.removeprefix(_LOGGED))
    elif source.startswith(_OF_RUN):
        yield node_id(NodeKind.RUN, source.removeprefix(_OF_RUN).lstrip("/").partition("/")[0])
    elif source.startswith(_STORED):
        yield from _of_place(graph, project, source.removeprefix(_STORED).lstrip("/"))


def _of_place(graph: GraphReader, project: str, path: str) -> Iterator[str]:
    steps = path.split("/")
    if len(steps) > 2 and steps[1] == _MODELS:
        yield from _of_logged(graph, project, steps[2])
    elif len(steps) > 1:
        yield node_id(NodeKind.RUN, steps[1])


def _of_logged(graph: GraphReader, project: str, model_id: str) -> Iterator[str]:
    """The run that made a logged model, and the model as an artifact version."""
    node = logged_model(project, model_id)
    logged = graph.nodes([node]).get(node)
    if logged is not None and logged.attributes.get("source_run_id"):
        yield node_id(NodeKind.RUN, str(logged.attributes["source_run_id"]))
    named = (Condition("name", Operator.EQ, model_id),)
    yield from graph.find_ids(NodeQuery(project, NodeKind.ARTIFACT, named))
