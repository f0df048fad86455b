"""The part of a run filter that no graph store can answer: metrics, datasets, derived attributes.

A condition that a run cannot satisfy because it lacks the metric, dataset, param or tag is false,
so NOT makes it true.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from analytics.last_values import LastValues
from graph.artifact_uri import artifact_locations, artifact_uri
from graph.clause import AllOf, AnyOf, Clause, Not, leaves, negated
from graph.filter import (
    DatasetCondition,
    DerivedCondition,
    MetricCondition,
    RunFilter,
    RunStatement,
)
from graph.holds import holds
from graph.model import AttributeValue, EdgeType, NodeKind, entity_id, node_id
from graph.port import Among, Condition, GraphReader, NodeStatement, Operator
from graph.used_datasets import UsedDataset, input_tags, used_datasets

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


@dataclass(frozen=True, slots=True)
class Divided:
    """A run filter, divided by who can answer it."""

    store: tuple[Clause[NodeStatement], ...]
    """Any graph store."""
    others: tuple[Clause[RunStatement], ...]
    """Only ``satisfying``."""
    few: bool
    """Whether ``store`` lists the only nodes that can be meant."""


def divided(metrics: LastValueReader, wanted: RunFilter, *, as_of: int | None = None) -> Divided:
    """``wanted``, where conditions on metrics that few runs satisfy have become lists of these."""
    store: list[Clause[NodeStatement]] = list(wanted.conditions)
    others: list[Clause[RunStatement]] = []
    few = False
    for clause in wanted.others:
        listed = _listed(metrics, clause, as_of)
        if listed is None:
            others.append(clause)
        else:
            store.append(listed)
            few = few or _lists(listed)
    return Divided(tuple(store), tuple(others), few)


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
            for clause in some:
                found = list(filter(tests.of(clause), found))
    return found


def _reads_no_graph(statement: RunStatement) -> bool:
    if isinstance(statement, DerivedCondition):
        return statement.condition.attribute == "run_id"
    return isinstance(statement, MetricCondition)


def _listed(
    metrics: LastValueReader, clause: Clause[RunStatement], as_of: int | None
) -> Clause[NodeStatement] | None:
    """The same clause for a store; None when a statement in it is of too many runs."""
    if isinstance(clause, AllOf | AnyOf):
        parts: list[Clause[NodeStatement]] = []
        for part in clause.parts:
            listed = _listed(metrics, part, as_of)
            if listed is None:
                return None
            parts.append(listed)
        return AllOf(tuple(parts)) if isinstance(clause, AllOf) else AnyOf(tuple(parts))
    if isinstance(clause, Not):
        listed = _listed(metrics, clause.leaf, as_of)
        return None if listed is None else negated(listed)
    if isinstance(clause, MetricCondition):
        values = metrics.last_values(clause.key, as_of=as_of)
        return _among(values.matching(clause, limit=FEW))
    if isinstance(clause, DerivedCondition):
        return _named(clause.condition)
    return None if isinstance(clause, DatasetCondition) else clause


def _named(condition: Condition) -> Clause[NodeStatement] | None:
    """A condition on ``run_id`` that lists some."""
    if condition.attribute != "run_id":
        return None
    operand = condition.operand
    named = _among([str(one) for one in (operand if isinstance(operand, tuple) else (operand,))])
    if named is None or condition.operator in (Operator.EQ, Operator.IN):
        return named
    return negated(named) if condition.operator in (Operator.NE, Operator.NOT_IN) else None


def _among(run_ids: Sequence[str] | None) -> Clause[NodeStatement] | None:
    if run_ids is None:
        return None
    return Among(tuple(sorted(node_id(NodeKind.RUN, run_id) for run_id in run_ids)))


def _lists(clause: Clause[NodeStatement]) -> bool:
    """Whether only nodes that the clause lists can satisfy it."""
    if isinstance(clause, AllOf):
        return any(map(_lists, clause.parts))
    if isinstance(clause, AnyOf):
        return all(map(_lists, clause.parts))
    return isinstance(clause, Among)


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

    def of(self, clause: Clause[RunStatement]) -> _Test:
        """Whether the clause holds for a node, as a function of its id."""
        if isinstance(clause, AllOf):
            every = [self.of(part) for part in clause.parts]
            return lambda run: all(test(run) for test in every)
        if isinstance(clause, AnyOf):
            some = [self.of(part) for part in clause.parts]
            return lambda run: any(test(run) for test in some)
        if isinstance(clause, Not):
            test = self._statement(clause.leaf)
            return lambda run: not test(run)
        return self._statement(clause)

    def _statement(self, statement: RunStatement) -> _Test:
        if isinstance(statement, MetricCondition):
            last = self._values[statement.key].get
            return lambda run: statement.holds(last(entity_id(run)))
        if isinstance(statement, DatasetCondition):
            condition = statement.condition
            return lambda run: any(holds(condition, one) for one in self._datasets[run])
        if isinstance(statement, DerivedCondition):
            condition = statement.condition
            if condition.attribute == "run_id":
                return lambda run: holds(condition, {"run_id": entity_id(run)})
            return lambda run: holds(condition, self._attributes[run])
        return lambda run: holds(statement, self._attributes[run])


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
    names = {input_tags(edge) for edges in used.values() for edge in edges}
    nodes = graph.nodes(runs, names=sorted(names), as_of=as_of)
    return {
        run: [_described(one) for one in used_datasets(nodes[run], used[run], artifacts)]
        for run in runs
    }


def _described(dataset: UsedDataset) -> Mapping[str, AttributeValue]:
    found: dict[str, AttributeValue] = {"name": dataset.name, "digest": dataset.digest}
    if _CONTEXT in dataset.tags:
        found["context"] = dataset.tags[_CONTEXT]
    return found
