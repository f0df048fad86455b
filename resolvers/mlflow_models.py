"""Logged models as MLflow shows them: by id and by search, with what was measured on them."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

from analytics.metric_rows import PointRow
from domain.errors import NotFoundError
from graph.logged_model_filter import ModelOrder, parse_model_filter
from graph.model import Node, NodeKind, node_id
from graph.model_projector import logged_model
from graph.port import GraphReader
from graph.projector import ACTIVE
from resolvers.attributes import integer, prefixed, text
from resolvers.measured_models import MeasuredModels, ModelPointReader
from resolvers.mlflow_paging import (
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)


@dataclass(frozen=True, slots=True)
class MlflowModel:
    """One logged model. Times in ms since the epoch, from the ledger's entries."""

    model_id: str
    experiment_id: str
    name: str
    model_type: str
    source_run_id: str
    status: str
    artifact_uri: str
    created_at: int
    updated_at: int
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: tuple[PointRow, ...]
    """Every point that runs of the project logged for the model, by (key, time, step, run)."""


@dataclass(frozen=True, slots=True)
class ModelSearch:
    """A question about the logged models of some experiments."""

    project: str
    experiment_ids: tuple[str, ...]
    filter: str = ""
    datasets: tuple[tuple[str, str], ...] = ()
    """(name, digest or empty) of the datasets on which metrics count; any when empty."""
    order_by: tuple[ModelOrder, ...] = ()
    max_results: int = 100
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class FoundModels:
    """One page."""

    models: tuple[MlflowModel, ...]
    next_page_token: str
    """Empty on the last page."""


def get_model(
    graph: GraphReader,
    metrics: ModelPointReader,
    *,
    project: str,
    model_id: str,
    deleted: bool = False,
) -> MlflowModel:
    """The model; ``NotFoundError`` without it, or when it is deleted unless ``deleted``."""
    wanted = logged_model(project, model_id)
    node = graph.nodes([wanted]).get(wanted)
    if node is None or (node.attributes.get("lifecycle") != ACTIVE and not deleted):
        raise NotFoundError(f"Logged model with ID '{model_id[:255]}' not found.")
    return _shown(MeasuredModels(graph, metrics, project, None), [node])[0]


def search_models(
    graph: GraphReader, metrics: ModelPointReader, search: ModelSearch, *, visible: int
) -> FoundModels:
    """The page that ``search`` asks for; the newest first unless it says otherwise.

    Raises ``UsageError`` for a filter, order, size or token that cannot be read.
    """
    question = question_digest(
        "models",
        search.project,
        sorted(search.experiment_ids),
        search.filter,
        [list(dataset) for dataset in search.datasets],
        [list(astuple(order)) for order in search.order_by],
    )
    size = checked_max_results(search.max_results)
    start = parse_page_token(search.page_token, question=question, visible=visible)
    stop = start.offset + size
    measured = MeasuredModels(graph, metrics, search.project, start.as_of)
    ids = measured.found(
        parse_model_filter(search.filter),
        search.datasets,
        search.order_by,
        search.experiment_ids,
        stop + 1,
    )
    nodes = graph.nodes(ids[start.offset : stop], as_of=start.as_of)
    token = ""
    if stop < len(ids):
        as_of = visible if start.as_of is None else start.as_of
        token = page_token(offset=stop, as_of=as_of, question=question)
    page = [nodes[one] for one in ids[start.offset : stop]]
    return FoundModels(tuple(_shown(measured, page)), token)


def _shown(measured: MeasuredModels, models: Sequence[Node]) -> list[MlflowModel]:
    graph = measured.graph
    places = {one.id: _experiment(one) for one in models}
    experiments = graph.nodes(sorted(set(places.values())), names=["artifact_location"])
    points = measured.points([text(one.attributes, "model_id") for one in models])
    return [
        _model(
            one,
            text(experiments[places[one.id]].attributes, "artifact_location")
            if places[one.id] in experiments
            else "",
            tuple(points.get(text(one.attributes, "model_id"), ())),
        )
        for one in models
    ]


def _model(node: Node, location: str, measured: tuple[PointRow, ...]) -> MlflowModel:
    attributes = node.attributes
    model_id = text(attributes, "model_id")
    return MlflowModel(
        model_id=model_id,
        experiment_id=text(attributes, "experiment_id"),
        name=text(attributes, "name"),
        model_type=text(attributes, "model_type"),
        source_run_id=text(attributes, "source_run_id"),
        status=text(attributes, "status") or "LOGGED_MODEL_PENDING",
        artifact_uri=f"{location.rstrip('/')}/models/{model_id}/artifacts",
        created_at=integer(attributes, "created_at") or 0,
        updated_at=integer(attributes, "updated_at") or 0,
        params=prefixed(attributes, "params."),
        tags=prefixed(attributes, "tags."),
        metrics=measured,
    )


def _experiment(model: Node) -> str:
    experiment_id = text(model.attributes, "experiment_id")
    return node_id(NodeKind.EXPERIMENT, f"{model.project}/{experiment_id}")
