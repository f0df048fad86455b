"""MLflow's run search: filter, order, pages. Every answer is of one ledger position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from graph.filter import (
    DERIVED_ATTRIBUTES,
    RunFilter,
    RunOrder,
    parse_filter,
    parse_orders,
)
from graph.model import AttributeValue, NodeKind, entity_id
from graph.port import Condition, GraphReader, NodeQuery, Operator, Order
from graph.projector import ACTIVE, DELETED
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

_LOOK_AHEAD = 4
"""How many candidates are read for one run wanted, when each must be looked into,"""
_LOOK_FURTHER = 25
"""and by how much more when those were not enough."""


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
    stores = _Stores(graph, metrics, start.as_of)
    stop = start.offset + size
    found = _found(stores, search, wanted, orders, stop + 1)
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


@dataclass(frozen=True, slots=True)
class _Stores:
    graph: GraphReader
    metrics: MetricReader
    as_of: int | None

    def satisfying(self, runs: Sequence[str], wanted: RunFilter) -> list[str]:
        return satisfying(self.graph, self.metrics, runs, wanted, as_of=self.as_of)


def _found(
    stores: _Stores,
    search: RunSearch,
    wanted: RunFilter,
    orders: tuple[RunOrder, ...],
    enough: int,
) -> list[str]:
    """Node ids in order: all of them, or the first ``enough`` at least."""
    if not search.experiment_ids:
        return []
    query = NodeQuery(search.project, NodeKind.RUN, _conditions(search, wanted))
    if any(_is_derived(order) for order in orders):
        latest = _store_order(())
        every = stores.graph.find_ids(query, order=latest, as_of=stores.as_of)
        return _sorted(stores, stores.satisfying(every, wanted), orders)
    order = _store_order(orders)
    looks = bool(wanted.metrics or wanted.derived or wanted.datasets)
    limit = enough * (_LOOK_AHEAD if looks else 1)
    while True:
        ids = stores.graph.find_ids(replace(query, limit=limit), order=order, as_of=stores.as_of)
        found = stores.satisfying(ids, wanted) if looks else list(ids)
        if len(found) >= enough or len(ids) < limit:
            return found
        limit *= _LOOK_FURTHER


def _conditions(search: RunSearch, wanted: RunFilter) -> tuple[Condition, ...]:
    """Of the run's own conditions first: they say no to more runs than the others."""
    ids = tuple(sorted(set(search.experiment_ids)))
    within = Condition("experiment_id", Operator.IN, ids)
    if len(ids) == 1:
        within = Condition("experiment_id", Operator.EQ, ids[0])
    return (*wanted.conditions, within, *lifecycle_condition(search.view))


def _is_derived(order: RunOrder) -> bool:
    return order.attribute in DERIVED_ATTRIBUTES or order.attribute.startswith("metrics.")


def _store_order(orders: tuple[RunOrder, ...]) -> tuple[Order, ...]:
    given = tuple(Order(order.attribute, order.descending) for order in orders)
    if any(order.attribute == "start_time" for order in orders):
        return given
    return (*given, Order("start_time", descending=True))


_Values = Mapping[str, AttributeValue | float]


def _sorted(stores: _Stores, runs: list[str], orders: tuple[RunOrder, ...]) -> list[str]:
    """Stable sorts, the least significant first; ``runs`` are in the order between equals."""
    if any(order.attribute == "start_time" for order in orders):
        runs = sorted(runs)
    values = _values(stores, runs, orders)
    for order in reversed(orders):
        runs = _placed(runs, values[order.attribute], descending=order.descending)
    return runs


def _values(
    stores: _Stores, runs: Sequence[str], orders: tuple[RunOrder, ...]
) -> Mapping[str, _Values]:
    """For each order the values by node id; a run without one is absent."""
    names = [order.attribute for order in orders]
    keys = {name.removeprefix("metrics.") for name in names if name.startswith("metrics.")}
    ids = [entity_id(run) for run in runs]
    summaries = stores.metrics.summaries(ids, keys=keys, as_of=stores.as_of) if keys else {}
    plain = [name for name in names if not name.startswith("metrics.")]
    nodes = stores.graph.nodes(runs, names=["experiment_id", *plain], as_of=stores.as_of)
    located = list(nodes.values()) if "artifact_uri" in names else ()
    locations = artifact_locations(stores.graph, located, as_of=stores.as_of)

    def value(run: str, name: str) -> AttributeValue | float | None:
        if name.startswith("metrics."):
            summary = summaries[entity_id(run)].get(name.removeprefix("metrics."))
            return None if summary is None else summary.last
        if name == "run_id":
            return entity_id(run)
        if name == "artifact_uri":
            return artifact_uri(nodes[run], locations)
        return nodes[run].attributes.get(name)

    return {
        name: {run: found for run in runs if (found := value(run, name)) is not None}
        for name in names
    }


def _placed(runs: list[str], values: _Values, *, descending: bool) -> list[str]:
    """Numbers and texts in order, then NaN, then runs without a value: in either direction."""
    present = [run for run in runs if run in values and values[run] == values[run]]
    nan = [run for run in runs if run in values and values[run] != values[run]]
    absent = [run for run in runs if run not in values]
    present.sort(key=lambda run: _place(values[run]), reverse=descending)
    return present + nan + absent


def _place(value: AttributeValue | float) -> tuple[bool, float, str]:
    """Numbers before texts; within one column there is only one kind."""
    return (True, 0.0, value) if isinstance(value, str) else (False, value, "")
