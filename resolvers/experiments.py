"""Reading experiments."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.errors import NotFoundError
from graph.model import AttributeValue, Node, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from resolvers.attributes import integer, prefixed, text
from resolvers.paging import Page, checked_size, node_cursor, parse_node_cursor

LIFECYCLE = "lifecycle"
ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class ExperimentRecord:
    """An experiment as it stood at the asked position. Times in ms since the epoch."""

    experiment_id: str
    project: str
    name: str
    artifact_location: str
    lifecycle: str
    created_at: int
    updated_at: int
    seq: int
    """The entry that created it."""
    tags: Mapping[str, str]


def by_ids(
    graph: GraphReader, ids: Collection[str], *, as_of: int | None
) -> dict[str, ExperimentRecord]:
    """The experiments that exist, by ``key_of`` them."""
    nodes = graph.nodes([node_id(NodeKind.EXPERIMENT, each) for each in ids], as_of=as_of)
    return {
        entity_id(node.id): _record(node)
        for node in nodes.values()
        if node.kind is NodeKind.EXPERIMENT
    }


def key_of(project: str, experiment_id: str) -> str:
    """What tells an experiment from those of other projects."""
    return f"{project}/{experiment_id}"


def one(
    graph: GraphReader, experiment_id: str, *, project: str, as_of: int | None
) -> ExperimentRecord:
    """The experiment; ``NotFoundError`` when ``project`` has no such experiment."""
    key = key_of(project, experiment_id)
    found = by_ids(graph, [key], as_of=as_of)
    if key not in found:
        raise NotFoundError(
            f"There is no experiment {experiment_id[:60]!r} in this project.",
            hint="List experiments to see the ids that exist.",
        )
    return found[key]


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


def _record(node: Node) -> ExperimentRecord:
    attributes: Mapping[str, AttributeValue] = node.attributes
    return ExperimentRecord(
        experiment_id=text(attributes, "experiment_id"),
        project=node.project,
        name=text(attributes, "name"),
        artifact_location=text(attributes, "artifact_location"),
        lifecycle=text(attributes, LIFECYCLE),
        created_at=integer(attributes, "created_at") or 0,
        updated_at=integer(attributes, "updated_at") or 0,
        seq=node.seq,
        tags=prefixed(attributes, "tags."),
    )
