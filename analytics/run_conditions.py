"""The part of a run filter that no graph store can answer: metrics, datasets, derived attributes.

A condition that a run cannot satisfy because it lacks the metric, dataset, param or tag is false,
so NOT makes it true.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from analytics.last_values import LastValues
from graph.artifact_uri import artifact_locations, artifact_uri
from graph.clause import AllOf, AnyOf, Clause, Not, leaves, true_of
from graph.filter import (
    DatasetCondition,
    DerivedCondition,
    MetricCondition,
    RunFilter,
    RunStatement,
)
from graph.holds import holds
from graph.model import AttributeValue, EdgeType, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, Operator
from graph.used_datasets import UsedDataset, used_datasets

FEW: Final = 2_000
"""Conditions on metrics that at most this many runs satisfy decide how the runs are found."""
_CONTEXT: Final = "mlflow.data.context"

_Test: TypeAlias = Callable[[str], bool]
_Others: TypeAlias = Iterable[Clause[RunStatement]]


class LastValueReader(Protocol):
    """Where last values come from; ``analytics.tables.MetricTables`` is one."""

    def last_values(self, key: str, *, as_of: int | None = None) -> LastValues:
        """The last value of one metric in every run."""
        ...


def candidates(
    metrics: LastValueReader, wanted: RunFilter, *, as_of: int | None = None
) -> tuple[str, ...] | None:
    """Node ids, ordered, among which are all runs that ``wanted`` lets through, if they are few.

    None when no index of the metrics, and no list of run ids, says so.
    """
    found = _few(metrics, AllOf(wanted.others), as_of)
    return None if found is None else tuple(sorted(node_id(NodeKind.RUN, run) for run in found))


def satisfying(
    graph: GraphReader,
    metrics: LastValueReader,
    runs: Sequence[str],
    clauses: _Others,
    *,
    as_of: int | None = None,
) -> list[str]:
    """Those node ids of ``runs`` for which all ``clauses`` hold, in their order.

    The number of store calls depends on the clauses alone.
    """
    free: list[Clause[RunStatement]] = []
    read: list[Clause[RunStatement]] = []
    for clause in clauses:
        (free if all(map(_reads_no_graph, leaves(clause))) else read).append(clause)
    found = list(runs)
    for some in (free, read):
        if some:
            tests = _Tests(graph, metrics, found, some, as_of)
            found = [run for run in found if tests.hold(run)]
    return found


def _reads_no_graph(statement: RunStatement) -> bool:
    if isinstance(statement, DerivedCondition):
        return statement.condition.attribute == "run_id"
    return isinstance(statement, MetricCondition)


def _few(
    metrics: LastValueReader, clause: Clause[RunStatement], as_of: int | None
) -> frozenset[str] | None:
    """Run ids among which are all that satisfy the clause."""
    if isinstance(clause, AllOf):
        parts = [_few(metrics, part, as_of) for part in clause.parts]
        return min((part for part in parts if part is not None), key=len, default=None)
    if isinstance(clause, AnyOf):
        found: set[str] = set()
        for part in clause.parts:
            some = _few(metrics, part, as_of)
            if some is None:
                return None
            found |= some
        return frozenset(found) if len(found) <= FEW else None
    if isinstance(clause, MetricCondition):
        values = metrics.last_values(clause.key, as_of=as_of)
        matching = values.matching(clause, limit=FEW)
        return None if matching is None else frozenset(matching)
    if isinstance(clause, Not | DatasetCondition | Condition):
        return None
    return _named(clause.condition)


def _named(condition: Condition) -> frozenset[str] | None:
    """The run ids that a condition on ``run_id`` lists."""
    operand = condition.operand
    if condition.attribute != "run_id":
        return None
    if condition.operator is Operator.EQ:
        return frozenset([str(operand)])
    if condition.operator is Operator.IN and isinstance(operand, tuple):
        return frozenset(str(one) for one in operand)
    return None


class _Tests:
    """Clauses about ``runs``, with what they need already read."""

    def __init__(
        self,
        graph: GraphReader,
        metrics: LastValueReader,
        runs: Sequence[str],
        clauses: Sequence[Clause[RunStatement]],
        as_of: int | None,
    ) -> None:
        statements = [statement for clause in clauses for statement in leaves(clause)]
        keys = {one.key for one in statements if isinstance(one, MetricCondition)}
        self._clauses = clauses
        self._values = {key: metrics.last_values(key, as_of=as_of) for key in sorted(keys)}
        self._attributes: Mapping[str, Mapping[str, AttributeValue]] = {}
        self._datasets: Mapping[str, Sequence[Mapping[str, AttributeValue]]] = {}
        names = {one.attribute for one in statements if isinstance(one, Condition)}
        located = any(
            isinstance(one, DerivedCondition) and not _reads_no_graph(one) for one in statements
        )
        if names or located:
            self._attributes = _attributes(graph, runs, names, as_of, located=located)
        if any(isinstance(one, DatasetCondition) for one in statements):
            self._datasets = _datasets(graph, runs, as_of)

    def hold(self, run: str) -> bool:
        """Whether all clauses hold for the node."""
        return all(true_of(clause, lambda one: self._holds(one, run)) for clause in self._clauses)

    def _holds(self, statement: RunStatement, run: str) -> bool:
        if isinstance(statement, MetricCondition):
            return statement.holds(self._values[statement.key].get(entity_id(run)))
        if isinstance(statement, DatasetCondition):
            return any(holds(statement.condition, one) for one in self._datasets[run])
        if isinstance(statement, DerivedCondition):
            if statement.condition.attribute == "run_id":
                return holds(statement.condition, {"run_id": entity_id(run)})
            return holds(statement.condition, self._attributes[run])
        return holds(statement, self._attributes[run])


def _attributes(
    graph: GraphReader,
    runs: Sequence[str],
    names: set[str],
    as_of: int | None,
    *,
    located: bool,
) -> Mapping[str, Mapping[str, AttributeValue]]:
    """The attributes ``names`` of each run, and its ``artifact_uri`` when ``located``."""
    asked = sorted(names | {"experiment_id"}) if located else sorted(names)
    nodes = graph.nodes(runs, names=asked, as_of=as_of)
    if not located:
        return {run: nodes[run].attributes for run in runs}
    places = artifact_locations(graph, list(nodes.values()), as_of=as_of)
    return {
        run: {**nodes[run].attributes, "artifact_uri": artifact_uri(nodes[run], places)}
        for run in runs
    }


def _datasets(
    graph: GraphReader, runs: Sequence[str], as_of: int | None
) -> Mapping[str, Sequence[Mapping[str, AttributeValue]]]:
    """Name, digest and context of the datasets that each run used."""
    used = graph.outgoing(runs, types=(EdgeType.USED,), as_of=as_of)
    targets = {edge.target for edges in used.values() for edge in edges}
    artifacts = graph.nodes(sorted(targets), as_of=as_of)
    nodes = graph.nodes(runs, as_of=as_of)
    return {
        run: [_described(one) for one in used_datasets(nodes[run], used[run], artifacts)]
        for run in runs
    }


def _described(dataset: UsedDataset) -> Mapping[str, AttributeValue]:
    found: dict[str, AttributeValue] = {"name": dataset.name, "digest": dataset.digest}
    if _CONTEXT in dataset.tags:
        found["context"] = dataset.tags[_CONTEXT]
    return found
