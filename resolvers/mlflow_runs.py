"""Runs as MLflow shows them, read in batches: a fixed number of store calls, however many runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from analytics.summaries import MetricSummary
from domain.artifact import ArtifactKind
from domain.errors import NotFoundError
from domain.metric import MetricPoint
from graph.artifact_uri import artifact_locations, artifact_uri, experiment_of
from graph.model import Edge, EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import GraphReader
from graph.used_datasets import UsedDataset, output_tags, used_datasets
from resolvers.attributes import integer, prefixed, text

if TYPE_CHECKING:
    from analytics.last_values import LastValues  # It needs Polars, which few readers of this do.


class MetricReader(Protocol):
    """What is read of the metric tables (``analytics.tables.MetricTables``)."""

    def summaries(
        self,
        run_ids: Collection[str],
        *,
        keys: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> dict[str, dict[str, MetricSummary]]:
        """By run id and metric key."""
        ...

    def points(self, run_id: str, key: str, *, as_of: int | None = None) -> list[MetricPoint]:
        """One series."""
        ...

    def last_values(self, key: str, *, as_of: int | None = None) -> "LastValues":
        """The last value of one metric in every run."""
        ...


INFO_NAMES = (
    "end_time",
    "experiment_id",
    "lifecycle",
    "name",
    "start_time",
    "status",
    "user",
)
"""The attributes that MLflow's run info shows."""


@dataclass(frozen=True, slots=True)
class MadeModel:
    """A logged model that a run made."""

    model_id: str
    step: int


@dataclass(frozen=True, slots=True)
class MlflowRun:
    """One run with everything that it logged."""

    run_id: str
    experiment_id: str
    name: str
    user: str
    status: str
    start_time: int
    end_time: int | None
    artifact_uri: str
    lifecycle: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: tuple[MetricSummary, ...]
    """By key."""
    datasets: tuple[UsedDataset, ...]
    """In the order in which they were logged; the same for the models."""
    models_used: tuple[str, ...]
    models_made: tuple[MadeModel, ...]


def get_run(graph: GraphReader, metrics: MetricReader, *, project: str, run_id: str) -> MlflowRun:
    """The run; ``NotFoundError`` when the project has none of that id."""
    return shown(graph, metrics, [run_node(graph, project=project, run_id=run_id)])[0]


def unlinked_run(
    graph: GraphReader, *, project: str, run_id: str, names: Collection[str] | None = None
) -> MlflowRun:
    """The run by its own words alone, or by those of ``names``, without metrics, datasets and
    models; errors as ``get_run``."""
    node = run_node(graph, project=project, run_id=run_id, names=names)
    locations = artifact_locations(graph, [node])
    return _run(node, locations[experiment_of(node)], (), _Links((), (), {}))


def run_node(
    graph: GraphReader, *, project: str, run_id: str, names: Collection[str] | None = None
) -> Node:
    """The run's node, with the attributes ``names``; ``NotFoundError`` when the project has none
    of that id."""
    wanted = node_id(NodeKind.RUN, run_id)
    node = graph.nodes([wanted], names=names).get(wanted)
    if node is None or node.project != project:
        raise NotFoundError(
            f"Run with id={run_id[:64]} not found.", hint="Check the run id and the project."
        )
    return node


def shown(
    graph: GraphReader, metrics: MetricReader, runs: Sequence[Node], *, as_of: int | None = None
) -> list[MlflowRun]:
    """The runs of these nodes, in their order."""
    ids = [run.id for run in runs]
    used = graph.outgoing(ids, types=(EdgeType.USED,), as_of=as_of)
    made = graph.incoming(ids, types=(EdgeType.WAS_GENERATED_BY,), as_of=as_of)
    wanted = {edge.target for edges in used.values() for edge in edges}
    wanted |= {edge.source for edges in made.values() for edge in edges}
    artifacts = graph.nodes(sorted(wanted), as_of=as_of)
    locations = artifact_locations(graph, runs, as_of=as_of)
    summaries = metrics.summaries([entity_id(run.id) for run in runs], as_of=as_of)
    return [
        _run(
            run,
            locations[experiment_of(run)],
            tuple(summaries[entity_id(run.id)].values()),
            _Links(_in_order(used[run.id]), _in_order(made[run.id]), artifacts),
        )
        for run in runs
    ]


@dataclass(frozen=True, slots=True)
class _Links:
    """What a run used and made, with the artifacts."""

    used: Sequence[Edge]
    made: Sequence[Edge]
    artifacts: Mapping[str, Node]


def _run(node: Node, location: str, metrics: tuple[MetricSummary, ...], links: _Links) -> MlflowRun:
    attributes = node.attributes
    return MlflowRun(
        run_id=entity_id(node.id),
        experiment_id=text(attributes, "experiment_id"),
        name=text(attributes, "name"),
        user=text(attributes, "user"),
        status=text(attributes, "status"),
        start_time=integer(attributes, "start_time") or 0,
        end_time=integer(attributes, "end_time"),
        artifact_uri=artifact_uri(node, {experiment_of(node): location}),
        lifecycle=text(attributes, "lifecycle"),
        params=prefixed(attributes, "params."),
        tags=prefixed(attributes, "tags."),
        metrics=metrics,
        datasets=used_datasets(node, links.used, links.artifacts),
        models_used=tuple(
            text(links.artifacts[edge.target].attributes, "name")
            for edge in links.used
            if edge.role == "model" and _is(links.artifacts[edge.target], ArtifactKind.MODEL)
        ),
        models_made=tuple(
            _made(node, edge, links.artifacts[edge.source])
            for edge in links.made
            if edge.role == "model" and _is(links.artifacts[edge.source], ArtifactKind.MODEL)
        ),
    )


def _made(run: Node, edge: Edge, artifact: Node) -> MadeModel:
    tags = output_tags(run, edge)
    return MadeModel(text(artifact.attributes, "name"), int(tags.get("step", "0")))


def _in_order(edges: Sequence[Edge]) -> list[Edge]:
    return sorted(edges, key=lambda edge: (edge.seq, edge))


def _is(artifact: Node, kind: ArtifactKind) -> bool:
    return artifact.attributes.get("kind") == kind.value
