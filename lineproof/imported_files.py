"""Files that importers found: which of them are not here yet, and where they belong."""

from typing import TYPE_CHECKING, Final

from domain.canonical import JsonObject
from domain.errors import ErrorCode, LineproofError, NotFoundError, UsageError
from domain.strict_shape import Shape
from graph.artifact_uri import artifact_locations, artifact_uri
from graph.model import NodeKind, node_id
from graph.model_projector import logged_model
from graph.projector import ACTIVE
from ingest.mlflow.locations import checked_artifact_path, checked_model_id
from ingest.record_values import id_in
from ingest.run_state import any_run
from resolvers.mlflow_files import file_at

if TYPE_CHECKING:
    from lineproof.services import Services

MAX_FILES: Final = 1_000
"""Files of one question."""
PROXIED: Final = "mlflow-artifacts:/"
"""How the address of artifacts begins that are kept here."""


def wanted_files(
    services: "Services", arguments: JsonObject, project: str, _source: str
) -> JsonObject:
    """Operation ``files.wanted``: which of ``files`` are to be sent, and to which path.

    Each has the id of its ``run``, or of its logged ``model``, its ``path`` below the artifacts of
    that, and its ``digest``. Gives ``wanted``, each with its ``index`` and ``target``, and
    ``refused`` as ``records.import`` does. One that is here already is in neither, nor is one that
    was here and has been deleted.
    """
    shapes = Shape(arguments, "question").objects("files")
    if len(shapes) > MAX_FILES:
        raise UsageError(
            f"{len(shapes)} files are more than {MAX_FILES}.",
            code=ErrorCode.TOO_LARGE,
            hint="Ask for them in parts.",
        )
    services.catch_up_graph()
    wanted: list[JsonObject] = []
    refused: list[JsonObject] = []
    for index, shape in enumerate(shapes):
        try:
            target = _target(services, project, shape)
            if _is_wanted(services, project, target, shape.text("digest")):
                wanted.append({"index": index, "target": target})
        except LineproofError as error:
            refused.append({"index": index, "code": str(error.code), "reason": str(error)})
    return {"wanted": wanted, "refused": refused}


def _target(services: "Services", project: str, shape: Shape) -> str:
    """The path of the file among those that are kept here."""
    path = checked_artifact_path(shape.text("path"))
    graph = services.graph
    if not shape.has("model"):
        run = any_run(graph, project, id_in(shape, "run"))
        if run is None:
            raise NotFoundError("The run of this file is not recorded.")
        return f"{_kept_here(artifact_uri(run, artifact_locations(graph, [run])))}/{path}"
    model_id = checked_model_id(shape.text("model"))
    wanted = logged_model(project, model_id)
    node = graph.nodes([wanted]).get(wanted)
    if node is None:
        raise NotFoundError("The logged model of this file is not recorded.")
    place = node_id(NodeKind.EXPERIMENT, f"{project}/{node.attributes['experiment_id']}")
    location = graph.nodes([place])[place].attributes.get("artifact_location", "")
    return f"{_kept_here(str(location))}/models/{model_id}/artifacts/{path}"


def _kept_here(uri: str) -> str:
    if not uri.startswith(PROXIED):
        raise UsageError(
            f"The experiment keeps its artifacts at {uri[:200]}, not here.",
            hint="Copy the file there; this server opens no address that it is given.",
        )
    return uri.removeprefix(PROXIED).strip("/")


def _is_wanted(services: "Services", project: str, target: str, digest: str) -> bool:
    node = node_id(NodeKind.FILE, f"{project}/{target}")
    known = services.graph.nodes([node], names=["lifecycle"]).get(node)
    if known is None:
        return True
    if known.attributes.get("lifecycle") != ACTIVE:
        return False
    return file_at(services.graph, project=project, path=target).digest != digest
