"""Experiments as MLflow shows them: by id, by name, by search."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from domain.errors import NotFoundError
from graph.experiment_filter import (
    ExperimentOrder,
    parse_experiment_filter,
    parse_experiment_orders,
)
from graph.model import Node, NodeKind, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from resolvers.attributes import integer, prefixed, text
from resolvers.mlflow_paging import (
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)
from resolvers.mlflow_search import ViewType, lifecycle_condition


@dataclass(frozen=True, slots=True)
class MlflowExperiment:
    """One experiment. Times in ms since the epoch, from the ledger's entries."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle: str
    created_at: int
    updated_at: int
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ExperimentSearch:
    """A question about the experiments of a project."""

    project: str
    max_results: int
    filter: str = ""
    view: ViewType = ViewType.ACTIVE_ONLY
    order_by: tuple[str, ...] = ()
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class FoundExperiments:
    """One page."""

    experiments: tuple[MlflowExperiment, ...]
    next_page_token: str
    """Empty on the last page."""


def get_experiment(graph: GraphReader, *, project: str, experiment_id: str) -> MlflowExperiment:
    """The experiment, whatever its lifecycle; ``NotFoundError`` without it."""
    wanted = node_id(NodeKind.EXPERIMENT, f"{project}/{experiment_id}")
    node = graph.nodes([wanted]).get(wanted)
    if node is None:
        raise NotFoundError(
            f"No Experiment with id={experiment_id[:64]} exists.",
            hint="Check the experiment id and the project.",
        )
    return _experiment(node)


def experiment_by_name(graph: GraphReader, *, project: str, name: str) -> MlflowExperiment:
    """The experiment of that name, whatever its lifecycle; ``NotFoundError`` without it."""
    condition = Condition("name", Operator.EQ, name)
    found = graph.find(NodeQuery(project, NodeKind.EXPERIMENT, (condition,), limit=1))
    if not found:
        raise NotFoundError(
            f"Could not find experiment with name '{name[:500]}'.",
            hint="Check the name and the project.",
        )
    return _experiment(found[0])


def search_experiments(
    graph: GraphReader, search: ExperimentSearch, *, visible: int
) -> FoundExperiments:
    """The page that ``search`` asks for; ``visible`` is the tree size that reads see.

    Raises ``UsageError`` for a filter, order, size or token that cannot be read.
    """
    conditions = parse_experiment_filter(search.filter)
    orders = parse_experiment_orders(search.order_by)
    size = checked_max_results(search.max_results)
    question = question_digest(
        "experiments", search.project, search.filter, search.view.value, list(search.order_by)
    )
    start = parse_page_token(search.page_token, question=question, visible=visible)
    query = NodeQuery(
        search.project, NodeKind.EXPERIMENT, (*lifecycle_condition(search.view), *conditions)
    )
    found = _sorted(list(graph.find(query, as_of=start.as_of)), orders)
    stop = start.offset + size
    token = ""
    if stop < len(found):
        as_of = visible if start.as_of is None else start.as_of
        token = page_token(offset=stop, as_of=as_of, question=question)
    return FoundExperiments(tuple(_experiment(node) for node in found[start.offset : stop]), token)


def _sorted(nodes: list[Node], orders: tuple[ExperimentOrder, ...]) -> list[Node]:
    for order in reversed(orders):
        nodes.sort(key=partial(_place, name=order.attribute), reverse=order.descending)
    return nodes


def _place(node: Node, name: str) -> tuple[int, str]:
    """Experiment ids are decimal numbers and are ordered as such."""
    value = node.attributes.get(name, "")
    if name == "experiment_id":
        return (int(value), "")
    return (value, "") if isinstance(value, int) else (0, value)


def _experiment(node: Node) -> MlflowExperiment:
    attributes = node.attributes
    return MlflowExperiment(
        experiment_id=text(attributes, "experiment_id"),
        name=text(attributes, "name"),
        artifact_location=text(attributes, "artifact_location"),
        lifecycle=text(attributes, "lifecycle"),
        created_at=integer(attributes, "created_at") or 0,
        updated_at=integer(attributes, "updated_at") or 0,
        tags=prefixed(attributes, "tags."),
    )
