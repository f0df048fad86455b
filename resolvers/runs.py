"""Reading runs: by id, by experiment, by filter; their parents and children."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analytics.run_conditions import divided, satisfying
from analytics.summaries import MetricSummary
from domain.errors import NotFoundError
from domain.facet import DEFAULT_REPLICATE_KEYS
from graph.clause import Clause
from graph.filter import RunFilter, RunStatement, parse_filter
from graph.model import AttributeValue, EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from resolvers.attributes import integer, prefixed, text
from resolvers.mlflow_runs import MetricReader
from resolvers.paging import Page, checked_size, node_cursor, parse_node_cursor

_SCAN = 500
"""Nodes read at a time when they must be looked into to see which are shown."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it stood at the asked position. Times in ms since the epoch."""

    run_id: str
    project: str
    name: str
    experiment_id: str
    user: str
    status: str
    lifecycle: str
    start_time: int | None
    end_time: int | None
    seq: int
    """The run's first entry."""
    attributes: Mapping[str, AttributeValue]
    """Everything the graph holds of the run; ``params`` and ``tags`` read it."""

    @property
    def params(self) -> dict[str, str]:
        """By name, ordered."""
        return prefixed(self.attributes, "params.")

    @property
    def tags(self) -> dict[str, str]:
        """By name, ordered."""
        return prefixed(self.attributes, "tags.")

    @property
    def seed(self) -> str | None:
        """The value of the first replicate key that the run recorded."""
        for key in DEFAULT_REPLICATE_KEYS:
            value = self.attributes.get(f"params.{key}")
            if value is not None:
                return str(value)
        return None


@dataclass(frozen=True, slots=True)
class RunSelection:
    """Which runs of a project: of one experiment, or of all; that match a filter, or all."""

    project: str
    filter: RunFilter | None = None
    experiment_id: str | None = None
    deleted: bool = False
    """Whether deleted runs are shown too."""


def selection(
    project: str, *, filter_text: str | None, experiment_id: str | None = None, deleted: bool
) -> RunSelection:
    """A selection; ``UsageError`` when the filter is not in the grammar or too complex."""
    parsed = parse_filter(filter_text) if filter_text and filter_text.strip() else None
    return RunSelection(project, parsed, experiment_id, deleted)


def by_ids(
    graph: GraphReader, run_ids: Collection[str], *, project: str | None, as_of: int | None
) -> dict[str, RunRecord]:
    """The runs of ``project``, of any when None, that exist, by run id."""
    nodes = graph.nodes([node_id(NodeKind.RUN, run_id) for run_id in run_ids], as_of=as_of)
    records = [
        record_of(node)
        for node in nodes.values()
        if node.kind is NodeKind.RUN and project in (None, node.project)
    ]
    return {record.run_id: record for record in records}


def many(
    graph: GraphReader, run_ids: Sequence[str], *, project: str, as_of: int | None
) -> list[RunRecord]:
    """The runs in the order asked; ``NotFoundError`` names the first that does not exist."""
    found = by_ids(graph, run_ids, project=project, as_of=as_of)
    for run_id in run_ids:
        if run_id not in found:
            raise NotFoundError(
                f"There is no run {run_id[:60]!r} in this project.",
                hint="List runs to see the ids that exist.",
            )
    return [found[run_id] for run_id in run_ids]


def page(
    graph: GraphReader,
    metrics: MetricReader,
    which: RunSelection,
    *,
    first: int,
    after: str | None,
    newest_first: bool,
    as_of: int | None,
) -> Page[RunRecord]:
    """A page of runs in the order in which they were first recorded, or against it."""
    size = checked_size(first)
    asked, others = _asked(metrics, which, as_of)
    query = replace(
        asked,
        descending=newest_first,
        after=None if after is None else parse_node_cursor(after),
    )
    found: list[Node] = []
    for node in _matching(graph, metrics, query, others, as_of, size + 1):
        found.append(node)
        if len(found) > size:
            break
    shown = found[:size]
    return Page(
        tuple(record_of(node) for node in shown),
        tuple(node_cursor(node.seq, node.id) for node in shown),
        len(found) > size,
    )


def count(
    graph: GraphReader, metrics: MetricReader, which: RunSelection, *, as_of: int | None
) -> int:
    """How many runs ``page`` would give in all.

    Conditions on datasets, and on metrics that many runs satisfy, make it read every run.
    """
    query, others = _asked(metrics, which, as_of)
    if not others:
        return graph.count(query, as_of=as_of)
    ids = graph.find_ids(query, as_of=as_of)
    return len(satisfying(graph, metrics, ids, others, as_of=as_of))


def all_ids(
    graph: GraphReader, metrics: MetricReader, which: RunSelection, *, as_of: int | None
) -> list[str]:
    """The ids of every selected run, by (first entry, id)."""
    query, others = _asked(metrics, which, as_of)
    found = _matching(graph, metrics, query, others, as_of, _SCAN)
    return [entity_id(node.id) for node in found]


def parents(
    graph: GraphReader, run_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[str, ...]]:
    """The runs that informed each run, by id; every asked run has a key."""
    ids = [node_id(NodeKind.RUN, run_id) for run_id in run_ids]
    edges = graph.outgoing(ids, types=[EdgeType.WAS_INFORMED_BY], as_of=as_of)
    return {entity_id(run): tuple(entity_id(edge.target) for edge in edges[run]) for run in ids}


def children(
    graph: GraphReader, run_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[str, ...]]:
    """The runs that each run informed, by id; every asked run has a key."""
    ids = [node_id(NodeKind.RUN, run_id) for run_id in run_ids]
    edges = graph.incoming(ids, types=[EdgeType.WAS_INFORMED_BY], as_of=as_of)
    return {entity_id(run): tuple(entity_id(edge.source) for edge in edges[run]) for run in ids}


def metrics_of(
    metrics: MetricReader, run_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[MetricSummary, ...]]:
    """Each run's metrics by key; every asked run has a key."""
    found = metrics.summaries(run_ids, as_of=as_of)
    return {
        run_id: tuple(found[run_id][key] for key in sorted(found[run_id]))
        if run_id in found
        else ()
        for run_id in run_ids
    }


def record_of(node: Node) -> RunRecord:
    """The record behind a RUN node."""
    attributes = node.attributes
    return RunRecord(
        run_id=entity_id(node.id),
        project=node.project,
        name=text(attributes, "name"),
        experiment_id=text(attributes, "experiment_id"),
        user=text(attributes, "user"),
        status=text(attributes, "status"),
        lifecycle=text(attributes, "lifecycle"),
        start_time=integer(attributes, "start_time"),
        end_time=integer(attributes, "end_time"),
        seq=node.seq,
        attributes=attributes,
    )


def _asked(
    metrics: MetricReader, which: RunSelection, as_of: int | None
) -> tuple[NodeQuery, tuple[Clause[RunStatement], ...]]:
    """What the store is asked, and what must be looked into then."""
    parts = divided(metrics, which.filter or RunFilter(), as_of=as_of)
    conditions = list(parts.store)
    if which.experiment_id is not None:
        conditions.append(Condition("experiment_id", Operator.EQ, which.experiment_id))
    if not which.deleted:
        conditions.append(Condition("lifecycle", Operator.EQ, "active"))
    return NodeQuery(which.project, NodeKind.RUN, tuple(conditions)), parts.others


def _matching(
    graph: GraphReader,
    metrics: MetricReader,
    query: NodeQuery,
    others: tuple[Clause[RunStatement], ...],
    as_of: int | None,
    at_a_time: int,
) -> Iterator[Node]:
    """The selected nodes in order, read ``at_a_time``, more when they must be looked into."""
    size = max(at_a_time, _SCAN) if others else at_a_time
    while True:
        nodes = graph.find(replace(query, limit=size), as_of=as_of)
        if others:
            ids = [node.id for node in nodes]
            kept = set(satisfying(graph, metrics, ids, others, as_of=as_of))
            yield from (node for node in nodes if node.id in kept)
        else:
            yield from nodes
        if len(nodes) < size:
            return
        query = replace(query, after=(nodes[-1].seq, nodes[-1].id))
