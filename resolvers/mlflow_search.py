"""MLflow's run search: filter, order, pages. Every answer is of one ledger position."""

from dataclasses import dataclass
from enum import StrEnum

from analytics.run_conditions import divided
from graph.filter import parse_filter, parse_orders
from graph.model import NodeKind
from graph.port import Condition, GraphReader, NodeQuery, Operator
from graph.projector import ACTIVE, DELETED
from resolvers.mlflow_paging import (
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)
from resolvers.mlflow_runs import MetricReader, MlflowRun, shown
from resolvers.ordered_runs import OrderedRuns


class ViewType(StrEnum):
    """Which lifecycles a search shows."""

    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class RunSearch:
    """A question about the runs of some experiments."""

    project: str
    experiment_ids: tuple[str, ...]
    filter: str = ""
    view: ViewType = ViewType.ACTIVE_ONLY
    order_by: tuple[str, ...] = ()
    max_results: int = 1000
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class FoundRuns:
    """One page."""

    runs: tuple[MlflowRun, ...]
    next_page_token: str
    """Empty on the last page."""


def search_runs(
    graph: GraphReader, metrics: MetricReader, search: RunSearch, *, visible: int
) -> FoundRuns:
    """The page of runs that ``search`` asks for; ``visible`` is the tree size that reads see.

    Without an order, and between equals: the latest start first, then by run id. Raises
    ``UsageError`` for a filter, order, size or token that cannot be read.
    """
    wanted = parse_filter(search.filter)
    orders = parse_orders(search.order_by)
    size = checked_max_results(search.max_results)
    question = _question(search)
    start = parse_page_token(search.page_token, question=question, visible=visible)
    stop = start.offset + size
    found: list[str] = []
    if search.experiment_ids:
        parts = divided(metrics, wanted, as_of=start.as_of)
        query = NodeQuery(search.project, NodeKind.RUN, (*parts.store, *_within(search)))
        runs = OrderedRuns(graph, metrics, query, parts.others, orders, start.as_of)
        found = runs.first(stop + 1, few=parts.few)
    nodes = graph.nodes(found[start.offset : stop], as_of=start.as_of)
    page = shown(
        graph, metrics, [nodes[one] for one in found[start.offset : stop]], as_of=start.as_of
    )
    token = ""
    if stop < len(found):
        as_of = visible if start.as_of is None else start.as_of
        token = page_token(offset=stop, as_of=as_of, question=question)
    return FoundRuns(tuple(page), token)


def lifecycle_condition(view: ViewType) -> tuple[Condition, ...]:
    """What a view type demands of a run or an experiment."""
    if view is ViewType.ALL:
        return ()
    lifecycle = ACTIVE if view is ViewType.ACTIVE_ONLY else DELETED
    return (Condition("lifecycle", Operator.EQ, lifecycle),)


def _question(search: RunSearch) -> str:
    return question_digest(
        "runs",
        search.project,
        sorted(search.experiment_ids),
        search.filter,
        search.view.value,
        list(search.order_by),
    )


def _within(search: RunSearch) -> tuple[Condition, ...]:
    """Experiments and lifecycle: they say no to fewer runs than most filters."""
    ids = tuple(sorted(set(search.experiment_ids)))
    within = Condition("experiment_id", Operator.IN, ids)
    if len(ids) == 1:
        within = Condition("experiment_id", Operator.EQ, ids[0])
    return (within, *lifecycle_condition(search.view))
