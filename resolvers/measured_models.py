"""Logged models by what was measured on them: filters, datasets and orders of MLflow's search."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from analytics.metric_rows import PointRow
from graph.clause import Clause, conjuncts, leaves, mapped
from graph.filter import MetricCondition
from graph.logged_model_filter import ModelOrder, ModelStatement
from graph.model import AttributeValue, Node, NodeKind, node_id
from graph.model_projector import logged_model
from graph.port import Among, Condition, GraphReader, NodeQuery, NodeStatement, Operator, Order
from graph.projector import ACTIVE

_Points: TypeAlias = Mapping[str, Sequence[PointRow]]
"""By model id."""
_NEWEST: Final = Order("created_at", descending=True)


class ModelPointReader(Protocol):
    """Where the points of models come from; ``analytics.tables.MetricTables`` is one."""

    def model_points(
        self, model_ids: Collection[str] | None, *, as_of: int | None = None
    ) -> Mapping[str, list[PointRow]]:
        """By model id; a model without points is absent."""
        ...


@dataclass(frozen=True, slots=True)
class MeasuredModels:
    """The logged models of a project at a position, with what its runs measured on them."""

    graph: GraphReader
    metrics: ModelPointReader
    project: str
    as_of: int | None

    def points(self, model_ids: Collection[str] | None) -> _Points:
        """The points of these models, of all when None, by (key, time, step, run)."""
        found = self.metrics.model_points(model_ids, as_of=self.as_of)
        runs = sorted({node_id(NodeKind.RUN, row.run) for rows in found.values() for row in rows})
        nodes = self.graph.nodes(runs, names=[], as_of=self.as_of)
        own = {run for run, node in nodes.items() if node.project == self.project}
        return {
            model: _distinct(row for row in rows if node_id(NodeKind.RUN, row.run) in own)
            for model, rows in found.items()
        }

    def found(
        self,
        wanted: Clause[ModelStatement],
        datasets: Sequence[tuple[str, str]],
        orders: Sequence[ModelOrder],
        experiment_ids: Sequence[str],
        enough: int,
    ) -> Sequence[str]:
        """Node ids in order: all of them, or the first ``enough`` at least.

        With ``datasets`` a metric counts only where it was logged on one of them; without any
        condition on metrics, the model must have one. The newest come first between equals.
        """
        asks = any(isinstance(leaf, MetricCondition) for leaf in leaves(wanted))
        by_metric = any(order.metric for order in orders)
        points: _Points = self.points(None) if asks or datasets or by_metric else {}
        counted = {model: _on(rows, datasets) for model, rows in points.items()}
        clauses = list(conjuncts(mapped(wanted, lambda one: self._statement(one, counted))))
        if datasets and not asks:
            clauses.append(self._among(counted, lambda _: True))
        within = Condition("experiment_id", Operator.IN, tuple(sorted(set(experiment_ids))))
        active = Condition("lifecycle", Operator.EQ, ACTIVE)
        query = NodeQuery(
            self.project,
            NodeKind.LOGGED_MODEL,
            (*clauses, within, active),
            limit=None if by_metric else enough,
        )
        plain = tuple(Order(one.attribute, one.descending) for one in orders if not one.metric)
        ids = self.graph.find_ids(query, order=(*plain, _NEWEST), as_of=self.as_of)
        return self._sorted(ids, points, orders) if by_metric else ids

    def _statement(self, statement: ModelStatement, counted: _Points) -> NodeStatement:
        if isinstance(statement, MetricCondition):
            return self._among(
                counted, lambda row: row.key == statement.key and statement.holds(row.value)
            )
        return statement

    def _among(self, counted: _Points, holds: Callable[[PointRow], bool]) -> Among:
        """The models with a point that satisfies ``holds``."""
        models = [model for model, rows in counted.items() if any(map(holds, rows))]
        return Among(tuple(logged_model(self.project, model) for model in models))

    def _sorted(
        self, ids: Sequence[str], points: _Points, orders: Sequence[ModelOrder]
    ) -> Sequence[str]:
        """``ids`` stand in the order of the attributes; stable sorts, the least significant first.

        NaN comes after the numbers, a model without the metric last, in either direction.
        """
        nodes = self.graph.nodes(ids, as_of=self.as_of)
        found = sorted(ids)
        found.sort(key=lambda one: int(nodes[one].attributes.get("created_at", 0)), reverse=True)
        for order in reversed(orders):
            found = _placed(found, _values(nodes, points, order), descending=order.descending)
        return found


def _values(
    nodes: Mapping[str, Node], points: _Points, order: ModelOrder
) -> Mapping[str, AttributeValue | float]:
    """What each node is ordered by; one that has no such value is absent."""
    found: dict[str, AttributeValue | float] = {}
    for one, node in nodes.items():
        value: AttributeValue | float | None
        if order.metric:
            value = _latest(points.get(str(node.attributes.get("model_id")), ()), order)
        else:
            value = node.attributes.get(order.attribute)
        if value is not None:
            found[one] = value
    return found


def _placed(
    found: Sequence[str], values: Mapping[str, AttributeValue | float], *, descending: bool
) -> list[str]:
    present = [one for one in found if one in values and values[one] == values[one]]
    nan = [one for one in found if one in values and values[one] != values[one]]
    # One column holds values of one kind alone.
    present.sort(key=lambda one: _place(values[one]), reverse=descending)
    return [*present, *nan, *(one for one in found if one not in values)]


def _place(value: AttributeValue | float) -> tuple[float, str]:
    return (0.0, value) if isinstance(value, str) else (value, "")


def _latest(rows: Sequence[PointRow], order: ModelOrder) -> float | None:
    """The value that was measured last, of equals that of the lesser run id."""
    on = [
        row
        for row in rows
        if row.key == order.metric
        and order.dataset_name in ("", row.dataset_name)
        and order.dataset_digest in ("", row.dataset_digest)
    ]
    return min(on, key=lambda row: (-row.at, -row.step, row.run)).value if on else None


def _on(rows: Sequence[PointRow], datasets: Sequence[tuple[str, str]]) -> Sequence[PointRow]:
    """Those that were logged on one of the datasets, all when there is none."""
    if not datasets:
        return rows

    def counts(row: PointRow) -> bool:
        return any(
            row.dataset_name == name and digest in ("", row.dataset_digest)
            for name, digest in datasets
        )

    return [row for row in rows if counts(row)]


def _distinct(rows: Iterable[PointRow]) -> list[PointRow]:
    """Of points that share key, time, step and run the first, as MLflow keeps them."""
    first: dict[tuple[str, int, int, str], PointRow] = {}
    for row in rows:
        first.setdefault((row.key, row.at, row.step, row.run), row)
    return [first[place] for place in sorted(first)]
