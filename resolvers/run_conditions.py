"""The part of a run filter that no store can answer: metrics, datasets, derived attributes."""

from collections.abc import Sequence

from graph.filter import RunFilter
from graph.holds import holds
from graph.model import AttributeValue, EdgeType, Node, entity_id
from graph.port import GraphReader
from resolvers.mlflow_runs import (
    MetricReader,
    UsedDataset,
    artifact_locations,
    artifact_uri,
    used_datasets,
)

_CONTEXT = "mlflow.data.context"


def satisfying(
    graph: GraphReader,
    metrics: MetricReader,
    runs: Sequence[Node],
    wanted: RunFilter,
    *,
    as_of: int | None = None,
) -> list[Node]:
    """The runs for which all conditions hold but ``wanted.conditions``, in their order.

    Those stand in the query that found the runs. The number of store calls is fixed.
    """
    found = list(runs)
    if wanted.derived:
        found = _derived(graph, found, wanted, as_of)
    if wanted.metrics:
        found = _metrics(metrics, found, wanted, as_of)
    if wanted.datasets:
        found = _datasets(graph, found, wanted, as_of)
    return found


def _derived(
    graph: GraphReader, runs: list[Node], wanted: RunFilter, as_of: int | None
) -> list[Node]:
    locations = artifact_locations(graph, runs, as_of=as_of)

    def attributes(run: Node) -> dict[str, AttributeValue]:
        return {"run_id": entity_id(run.id), "artifact_uri": artifact_uri(run, locations)}

    return [
        run
        for run in runs
        if all(holds(condition, attributes(run)) for condition in wanted.derived)
    ]


def _metrics(
    metrics: MetricReader, runs: list[Node], wanted: RunFilter, as_of: int | None
) -> list[Node]:
    keys = {condition.key for condition in wanted.metrics}
    summaries = metrics.summaries([entity_id(run.id) for run in runs], keys=keys, as_of=as_of)

    def last(run: Node, key: str) -> float | None:
        summary = summaries[entity_id(run.id)].get(key)
        return None if summary is None else summary.last

    return [
        run
        for run in runs
        if all(condition.holds(last(run, condition.key)) for condition in wanted.metrics)
    ]


def _datasets(
    graph: GraphReader, runs: list[Node], wanted: RunFilter, as_of: int | None
) -> list[Node]:
    used = graph.outgoing([run.id for run in runs], types=(EdgeType.USED,), as_of=as_of)
    targets = {edge.target for edges in used.values() for edge in edges}
    artifacts = graph.nodes(sorted(targets), as_of=as_of)

    def matches(run: Node) -> bool:
        datasets = [_attributes(one) for one in used_datasets(run, used[run.id], artifacts)]
        return all(any(holds(c, dataset) for dataset in datasets) for c in wanted.datasets)

    return [run for run in runs if matches(run)]


def _attributes(dataset: UsedDataset) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {"name": dataset.name, "digest": dataset.digest}
    if _CONTEXT in dataset.tags:
        found["context"] = dataset.tags[_CONTEXT]
    return found
