"""The first runs that satisfy a filter, in an order: how little is read depends on both.

Four roads, the first that can be taken: few runs can be meant, so these are sorted; the store
orders by attributes and stops early; a metric's ranking is walked; all are found and sorted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeAlias

from analytics.run_conditions import satisfying
from graph.artifact_uri import artifact_locations, artifact_uri
from graph.clause import Clause
from graph.filter import DERIVED_ATTRIBUTES, MetricCondition, RunOrder, RunStatement
from graph.model import AttributeValue, NodeKind, entity_id, node_id
from graph.port import Among, GraphReader, NodeQuery, Operator, Order
from resolvers.mlflow_runs import MetricReader

_METRIC: Final = "metrics."
_LOOK_AHEAD: Final = 4
"""How many candidates are read for one run wanted, when each must be looked into,"""
_LOOK_FURTHER: Final = 25
"""and at most how much further when those were not enough."""
_SPARSE: Final = 20
"""A ranking is left when fewer than one of so many of its runs satisfy the rest of the filter."""

_Values: TypeAlias = Mapping[str, AttributeValue | float]


@dataclass(frozen=True, slots=True)
class OrderedRuns:
    """A question about runs.

    Between equals the latest start comes first, then the lesser run id.
    """

    graph: GraphReader
    metrics: MetricReader
    query: NodeQuery
    others: tuple[Clause[RunStatement], ...]
    """What no store answers."""
    orders: tuple[RunOrder, ...]
    as_of: int | None

    def first(self, enough: int, *, few: bool) -> list[str]:
        """Node ids in order: all of them, or the first ``enough`` at least.

        ``few`` says that the query lists the only runs that can be meant.
        """
        if few:
            return self._every()
        if not any(_is_derived(order) for order in self.orders):
            return self._walked(enough)
        if self.orders[0].attribute.startswith(_METRIC):
            return self._ranked(enough)
        return self._every()

    def _every(self) -> list[str]:
        if any(_is_derived(order) for order in self.orders):
            return self._sorted(self._found(self.query, _store_order(())))
        return self._found(self.query, _store_order(self.orders))

    def _found(self, query: NodeQuery, order: tuple[Order, ...]) -> list[str]:
        ids = self.graph.find_ids(query, order=order, as_of=self.as_of)
        return self._satisfying(ids)

    def _satisfying(self, ids: Sequence[str]) -> list[str]:
        return satisfying(self.graph, self.metrics, ids, self.others, as_of=self.as_of)

    def _walked(self, enough: int) -> list[str]:
        order = _store_order(self.orders)
        limit = enough * (_LOOK_AHEAD if self.others else 1)
        while True:
            query = replace(self.query, limit=limit)
            ids = self.graph.find_ids(query, order=order, as_of=self.as_of)
            found = self._satisfying(ids)
            if len(found) >= enough or len(ids) < limit:
                return found
            further = 2 * enough // len(found) if found else _LOOK_FURTHER
            limit *= max(2, min(further, _LOOK_FURTHER))

    def _ranked(self, enough: int) -> list[str]:
        """Along the ranking of the first order's metric, then NaN, then runs without it."""
        order, key = self.orders[0], self.orders[0].attribute.removeprefix(_METRIC)
        values = self.metrics.last_values(key, as_of=self.as_of)
        steps = groupby(values.ranked(descending=order.descending), key=itemgetter(0))
        equals = ([run for _, run in step] for _, step in steps)
        found: list[str] = []
        looked, size = 0, enough
        while chunk := _taken(equals, size):
            looked += len(chunk)
            found += self._among(chunk)
            if len(found) >= enough:
                return found
            if len(found) * _SPARSE < looked:
                return self._every()
            size = (enough - len(found)) * looked * 5 // (len(found) * 4) + 1
        found += self._among(values.not_a_number())
        if len(found) >= enough:
            return found
        lacking = MetricCondition(key, Operator.IS_NULL, 0.0)
        rest = replace(self, others=(*self.others, lacking), orders=self.orders[1:])
        return found + rest.first(enough - len(found), few=False)

    def _among(self, run_ids: Sequence[str]) -> list[str]:
        listed = Among(tuple(node_id(NodeKind.RUN, run_id) for run_id in run_ids))
        query = replace(self.query, conditions=(listed, *self.query.conditions))
        return replace(self, query=query)._every()

    def _sorted(self, runs: list[str]) -> list[str]:
        """Stable sorts, the least significant first; ``runs`` are in the order between equals."""
        if any(order.attribute == "start_time" for order in self.orders):
            runs = sorted(runs)
        values = self._values(runs)
        for order in reversed(self.orders):
            runs = _placed(runs, values[order.attribute], descending=order.descending)
        return runs

    def _values(self, runs: Sequence[str]) -> Mapping[str, _Values]:
        """For each order the values by node id; a run without one is absent."""
        names = [order.attribute for order in self.orders]
        last = {
            name: self.metrics.last_values(name.removeprefix(_METRIC), as_of=self.as_of)
            for name in names
            if name.startswith(_METRIC)
        }
        plain = [name for name in names if name not in last]
        nodes = self.graph.nodes(runs, names=["experiment_id", *plain], as_of=self.as_of)
        located = list(nodes.values()) if "artifact_uri" in names else ()
        locations = artifact_locations(self.graph, located, as_of=self.as_of)

        def value(run: str, name: str) -> AttributeValue | float | None:
            if name in last:
                return last[name].get(entity_id(run))
            if name == "run_id":
                return entity_id(run)
            if name == "artifact_uri":
                return artifact_uri(nodes[run], locations)
            return nodes[run].attributes.get(name)

        return {
            name: {run: found for run in runs if (found := value(run, name)) is not None}
            for name in names
        }


def _is_derived(order: RunOrder) -> bool:
    return order.attribute in DERIVED_ATTRIBUTES or order.attribute.startswith(_METRIC)


def _store_order(orders: Iterable[RunOrder]) -> tuple[Order, ...]:
    given = tuple(Order(order.attribute, order.descending) for order in orders)
    if any(order.attribute == "start_time" for order in given):
        return given
    return (*given, Order("start_time", descending=True))


def _taken(equals: Iterator[list[str]], size: int) -> list[str]:
    """The next runs, ``size`` or more, so that equals stay together; none at the end."""
    chunk: list[str] = []
    while len(chunk) < size and (more := next(equals, None)) is not None:
        chunk += more
    return chunk


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
