"""Reading experiments."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.errors import NotFoundError
from graph.model import AttributeValue, Node, NodeKind, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from resolvers.attributes import integer, prefixed, text
from resolvers.paging import Page, checked_size, node_cursor, parse_node_cursor

LIFECYCLE = "lifecycle"
ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class ExperimentRecord:
    """An experiment as it stood at the asked position. Times in ms since the epoch."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle: str
    created_at: int
    updated_at: int
    seq: int
    """The entry that created it."""
    tags: Mapping[str, str]


def by_ids(
    graph: GraphReader, experiment_ids: Collection[str], *, project: str, as_of: int | None
) -> dict[str, ExperimentRecord]:
    """The experiments of ``project`` that exist, by experiment id."""
    nodes = graph.nodes([_node(project, each) for each in experiment_ids], as_of=as_of)
    records = [_record(node) for node in nodes.values() if _is_experiment(node, project)]
    return {record.experiment_id: record for record in records}


def one(
    graph: GraphReader, experiment_id: str, *, project: str, as_of: int | None
) -> ExperimentRecord:
    """The experiment; ``NotFoundError`` when ``project`` has no such experiment."""
    found = by_ids(graph, [experiment_id], project=project, as_of=as_of)
    if experiment_id not in found:
        raise NotFoundError(
            f"There is no experiment {experiment_id[:60]!r} in this project.",
            hint="List experiments to see the ids that exist.",
        )
    return found[experiment_id]


def page(
    graph: GraphReader,
    *,
    project: str,
    first: int,
    after: str | None,
    deleted: bool,
    as_of: int | None,
) -> Page[ExperimentRecord]:
    """A page of the project's experiments in order of creation; ``deleted`` shows those too."""
    size = checked_size(first)
    query = NodeQuery(
        project,
        NodeKind.EXPERIMENT,
        _visible(deleted),
        after=None if after is None else parse_node_cursor(after),
        limit=size + 1,
    )
    nodes = graph.find(query, as_of=as_of)
    shown = nodes[:size]
    return Page(
        tuple(_record(node) for node in shown),
        tuple(node_cursor(node.seq, node.id) for node in shown),
        len(nodes) > size,
    )


def count(graph: GraphReader, *, project: str, deleted: bool, as_of: int | None) -> int:
    """How many experiments ``page`` would give in all."""
    return graph.count(NodeQuery(project, NodeKind.EXPERIMENT, _visible(deleted)), as_of=as_of)


def _visible(deleted: bool) -> tuple[Condition, ...]:
    return () if deleted else (Condition(LIFECYCLE, Operator.EQ, ACTIVE),)


def _node(project: str, experiment_id: str) -> str:
    return node_id(NodeKind.EXPERIMENT, f"{project}/{experiment_id}")


def _is_experiment(node: Node, project: str) -> bool:
    return node.kind is NodeKind.EXPERIMENT and node.project == project


def _record(node: Node) -> ExperimentRecord:
    attributes: Mapping[str, AttributeValue] = node.attributes
    return ExperimentRecord(
        experiment_id=text(attributes, "experiment_id"),
        name=text(attributes, "name"),
        artifact_location=text(attributes, "artifact_location"),
        lifecycle=text(attributes, LIFECYCLE),
        created_at=integer(attributes, "created_at") or 0,
        updated_at=integer(attributes, "updated_at") or 0,
        seq=node.seq,
        tags=prefixed(attributes, "tags."),
    )
