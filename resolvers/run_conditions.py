"""The part of a run filter that no store can answer: metrics, datasets, derived attributes."""

from collections.abc import Sequence

from graph.filter import RunFilter
from graph.holds import holds
from graph.model import AttributeValue, EdgeType, entity_id
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
    runs: Sequence[str],
    wanted: RunFilter,
    *,
    as_of: int | None = None,
) -> list[str]:
    """Those node ids of ``runs`` for which all but ``wanted.conditions`` hold, in their order.

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
    graph: GraphReader, runs: list[str], wanted: RunFilter, as_of: int | None
) -> list[str]:
    by_id = [one for one in wanted.derived if one.attribute == "run_id"]
    by_uri = [one for one in wanted.derived if one.attribute != "run_id"]
    found = [run for run in runs if all(holds(c, {"run_id": entity_id(run)}) for c in by_id)]
    if not by_uri:
        return found
    nodes = graph.nodes(found, names=["experiment_id"], as_of=as_of)
    locations = artifact_locations(graph, list(nodes.values()), as_of=as_of)

    def matches(run: str) -> bool:
        uri = {"artifact_uri": artifact_uri(nodes[run], locations)}
        return all(holds(condition, uri) for condition in by_uri)

    return [run for run in found if matches(run)]


def _metrics(
    metrics: MetricReader, runs: list[str], wanted: RunFilter, as_of: int | None
) -> list[str]:
    keys = {condition.key for condition in wanted.metrics}
    summaries = metrics.summaries([entity_id(run) for run in runs], keys=keys, as_of=as_of)

    def last(run: str, key: str) -> float | None:
        summary = summaries[entity_id(run)].get(key)
        return None if summary is None else summary.last

    return [
        run
        for run in runs
        if all(condition.holds(last(run, condition.key)) for condition in wanted.metrics)
    ]


def _datasets(
    graph: GraphReader, runs: list[str], wanted: RunFilter, as_of: int | None
) -> list[str]:
    used = graph.outgoing(runs, types=(EdgeType.USED,), as_of=as_of)
    targets = {edge.target for edges in used.values() for edge in edges}
    artifacts = graph.nodes(sorted(targets), as_of=as_of)
    nodes = graph.nodes(runs, as_of=as_of)

    def matches(run: str) -> bool:
        datasets = [_attributes(one) for one in used_datasets(nodes[run], used[run], artifacts)]
        return all(any(holds(c, dataset) for dataset in datasets) for c in wanted.datasets)

    return [run for run in runs if matches(run)]


def _attributes(dataset: UsedDataset) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {"name": dataset.name, "digest": dataset.digest}
    if _CONTEXT in dataset.tags:
        found["context"] = dataset.tags[_CONTEXT]
    return found
