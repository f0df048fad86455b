"""MLflow's run search: filter, order, pages. Every answer is of one ledger position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from graph.filter import RunFilter, RunOrder, parse_filter, parse_orders
from graph.model import AttributeValue, Node, NodeKind, entity_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from graph.projector import ACTIVE, DELETED
from resolvers.attributes import integer
from resolvers.mlflow_paging import (
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)
from resolvers.mlflow_runs import (
    MetricReader,
    MlflowRun,
    artifact_locations,
    artifact_uri,
    shown,
)
from resolvers.run_conditions import satisfying


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
    candidates = _candidates(graph, search, wanted, start.as_of)
    runs = satisfying(graph, metrics, candidates, wanted, as_of=start.as_of)
    runs = _sorted(graph, metrics, runs, orders, start.as_of)
    stop = start.offset + size
    page = shown(graph, metrics, runs[start.offset : stop], as_of=start.as_of)
    token = ""
    if stop < len(runs):
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


def _candidates(
    graph: GraphReader, search: RunSearch, wanted: RunFilter, as_of: int | None
) -> Sequence[Node]:
    if not search.experiment_ids:
        return ()
    within = Condition("experiment_id", Operator.IN, tuple(sorted(set(search.experiment_ids))))
    conditions = (within, *lifecycle_condition(search.view), *wanted.conditions)
    return graph.find(NodeQuery(search.project, NodeKind.RUN, conditions), as_of=as_of)


def _sorted(
    graph: GraphReader,
    metrics: MetricReader,
    runs: Sequence[Node],
    orders: tuple[RunOrder, ...],
    as_of: int | None,
) -> list[Node]:
    """Stable sorts, the least significant first."""
    found = sorted(runs, key=lambda run: run.id)
    if all(order.attribute != "start_time" for order in orders):
        found.sort(key=lambda run: integer(run.attributes, "start_time") or 0, reverse=True)
    values = _values(graph, metrics, found, orders, as_of)
    for order in reversed(orders):
        found = _placed(found, values[order.attribute], descending=order.descending)
    return found


_Values = Mapping[str, AttributeValue | float]


def _values(
    graph: GraphReader,
    metrics: MetricReader,
    runs: Sequence[Node],
    orders: tuple[RunOrder, ...],
    as_of: int | None,
) -> Mapping[str, _Values]:
    """For each order the values by node id; a run without one is absent."""
    names = [order.attribute for order in orders]
    keys = {name.removeprefix("metrics.") for name in names if name.startswith("metrics.")}
    ids = [entity_id(run.id) for run in runs]
    summaries = metrics.summaries(ids, keys=keys, as_of=as_of) if keys else {}
    located = runs if "artifact_uri" in names else ()
    locations = artifact_locations(graph, located, as_of=as_of)

    def value(run: Node, name: str) -> AttributeValue | float | None:
        if name.startswith("metrics."):
            summary = summaries[entity_id(run.id)].get(name.removeprefix("metrics."))
            return None if summary is None else summary.last
        if name == "run_id":
            return entity_id(run.id)
        if name == "artifact_uri":
            return artifact_uri(run, locations)
        return run.attributes.get(name)

    return {
        name: {run.id: found for run in runs if (found := value(run, name)) is not None}
        for name in names
    }


def _placed(runs: list[Node], values: _Values, *, descending: bool) -> list[Node]:
    """Numbers and texts in order, then NaN, then runs without a value: in either direction."""
    present = [run for run in runs if run.id in values and values[run.id] == values[run.id]]
    nan = [run for run in runs if run.id in values and values[run.id] != values[run.id]]
    absent = [run for run in runs if run.id not in values]
    present.sort(key=lambda run: _place(values[run.id]), reverse=descending)
    return present + nan + absent


def _place(value: AttributeValue | float) -> tuple[bool, float, str]:
    """Numbers before texts; within one column there is only one kind."""
    return (True, 0.0, value) if isinstance(value, str) else (False, value, "")
