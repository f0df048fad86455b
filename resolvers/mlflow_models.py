"""Logged models as MLflow shows them: by id and by search, with what was measured on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.errors import NotFoundError
from domain.metric import MetricPoint
from graph.model import Node, NodeKind, node_id
from graph.model_filter import LOGGED_MODELS
from graph.model_projector import logged_model
from graph.port import Condition, GraphReader, NodeQuery, Operator, Order
from graph.projector import ACTIVE
from resolvers.attributes import integer, prefixed, text
from resolvers.mlflow_paging import (
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)
from resolvers.mlflow_runs import MetricReader


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
    metrics: tuple[MetricPoint, ...]
    """The last point of each metric that its source run logged with the model's id."""


@dataclass(frozen=True, slots=True)
class ModelSearch:
    """A question about the logged models of some experiments."""

    project: str
    experiment_ids: tuple[str, ...]
    filter: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int = 100
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class FoundModels:
    """One page."""

    models: tuple[MlflowModel, ...]
    next_page_token: str
    """Empty on the last page."""


def get_model(
    graph: GraphReader, metrics: MetricReader, *, project: str, model_id: str, deleted: bool = False
) -> MlflowModel:
    """The model; ``NotFoundError`` without it, or when it is deleted unless ``deleted``."""
    wanted = logged_model(project, model_id)
    node = graph.nodes([wanted]).get(wanted)
    if node is None or (node.attributes.get("lifecycle") != ACTIVE and not deleted):
        raise NotFoundError(f"Logged model with ID '{model_id[:255]}' not found.")
    return _shown(graph, metrics, [node])[0]


def search_models(
    graph: GraphReader, metrics: MetricReader, search: ModelSearch, *, visible: int
) -> FoundModels:
    """The page that ``search`` asks for; the newest first unless it says otherwise.

    Raises ``UsageError`` for a filter, order, size or token that cannot be read.
    """
    question = question_digest(
        "models",
        search.project,
        sorted(search.experiment_ids),
        search.filter,
        list(search.order_by),
    )
    size = checked_max_results(search.max_results)
    start = parse_page_token(search.page_token, question=question, visible=visible)
    stop = start.offset + size
    conditions = (
        *LOGGED_MODELS.conditions(search.filter),
        Condition("experiment_id", Operator.IN, tuple(sorted(set(search.experiment_ids)))),
        Condition("lifecycle", Operator.EQ, ACTIVE),
    )
    query = NodeQuery(search.project, NodeKind.LOGGED_MODEL, conditions, limit=stop + 1)
    order = (*LOGGED_MODELS.orders(search.order_by), Order("created_at", descending=True))
    ids = graph.find_ids(query, order=order, as_of=start.as_of)
    nodes = graph.nodes(ids[start.offset : stop], as_of=start.as_of)
    token = ""
    if stop < len(ids):
        as_of = visible if start.as_of is None else start.as_of
        token = page_token(offset=stop, as_of=as_of, question=question)
    page = [nodes[one] for one in ids[start.offset : stop]]
    return FoundModels(tuple(_shown(graph, metrics, page)), token)


def _shown(graph: GraphReader, metrics: MetricReader, models: Sequence[Node]) -> list[MlflowModel]:
    places = {one.id: _experiment(one) for one in models}
    experiments = graph.nodes(sorted(set(places.values())), names=["artifact_location"])
    return [
        _model(
            one,
            text(experiments[places[one.id]].attributes, "artifact_location")
            if places[one.id] in experiments
            else "",
            _measured(metrics, one),
        )
        for one in models
    ]


def _measured(metrics: MetricReader, model: Node) -> tuple[MetricPoint, ...]:
    run_id = text(model.attributes, "source_run_id")
    model_id = text(model.attributes, "model_id")
    last: list[MetricPoint] = []
    for key in metrics.summaries([run_id])[run_id] if run_id else ():
        points = [p for p in metrics.points(run_id, key) if p.get("model_id") == model_id]
        last += points[-1:]
    return tuple(last)


def _model(node: Node, location: str, measured: tuple[MetricPoint, ...]) -> MlflowModel:
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
