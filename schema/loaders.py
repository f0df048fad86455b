"""One batch loader per relation: however many runs a page holds, each relation is one store call.

Keys are (id, as_of), so that one request may look at several positions. The batch functions are the
resolvers'; they block, which is why a request executes in a thread of its own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias, TypeVar

from strawberry.dataloader import DataLoader

from analytics.summaries import MetricSummary
from analytics.tables import MetricTables
from governance.verdict import VerdictRecord
from graph.port import GraphReader
from resolvers import artifacts, experiments, runs, verdicts
from resolvers.artifacts import ArtifactRecord, UseRecord
from resolvers.experiments import ExperimentRecord
from resolvers.runs import RunRecord

V = TypeVar("V")
Key: TypeAlias = tuple[str, int]
BatchRead: TypeAlias = Callable[[Collection[str], int], Mapping[str, V]]
"""(ids, as_of) to what was found, by id."""


class Loaders:
    """The loaders of one request; they remember what they loaded until it ends.

    They look into any project: whoever asks for what a client named looks at the record's project.
    """

    def __init__(self, graph: GraphReader, metrics: MetricTables) -> None:
        self.runs: DataLoader[Key, RunRecord | None] = _loader(
            lambda ids, as_of: runs.by_ids(graph, ids, project=None, as_of=as_of)
        )
        self.experiments: DataLoader[Key, ExperimentRecord | None] = _loader(
            lambda ids, as_of: experiments.by_ids(graph, ids, as_of=as_of)
        )
        self.artifacts: DataLoader[Key, ArtifactRecord | None] = _loader(
            lambda ids, as_of: artifacts.by_ids(graph, ids, project=None, as_of=as_of)
        )
        self.metrics: DataLoader[Key, tuple[MetricSummary, ...] | None] = _loader(
            lambda ids, as_of: runs.metrics_of(metrics, ids, as_of=as_of)
        )
        self.inputs: DataLoader[Key, tuple[UseRecord, ...] | None] = _loader(
            lambda ids, as_of: artifacts.used_by_runs(graph, ids, as_of=as_of)
        )
        self.outputs: DataLoader[Key, tuple[UseRecord, ...] | None] = _loader(
            lambda ids, as_of: artifacts.generated_by_runs(graph, ids, as_of=as_of)
        )
        self.parents: DataLoader[Key, tuple[str, ...] | None] = _loader(
            lambda ids, as_of: runs.parents(graph, ids, as_of=as_of)
        )
        self.children: DataLoader[Key, tuple[str, ...] | None] = _loader(
            lambda ids, as_of: runs.children(graph, ids, as_of=as_of)
        )
        self.verdicts: DataLoader[Key, tuple[VerdictRecord, ...] | None] = _loader(
            lambda ids, as_of: verdicts.of_runs(graph, ids, as_of=as_of)
        )
        self.users: DataLoader[Key, tuple[str, ...] | None] = _loader(
            lambda ids, as_of: artifacts.users_of(graph, ids, as_of=as_of)
        )
        self.makers: DataLoader[Key, tuple[str, ...] | None] = _loader(
            lambda ids, as_of: artifacts.makers_of(graph, ids, as_of=as_of)
        )


def _loader(read: BatchRead[V]) -> DataLoader[Key, V | None]:
    async def load(keys: list[Key]) -> Sequence[V | None]:
        found: dict[int, Mapping[str, V]] = {}
        for as_of in sorted({position for _, position in keys}):
            found[as_of] = read([each for each, position in keys if position == as_of], as_of)
        return [found[as_of].get(each) for each, as_of in keys]

    return DataLoader(load)
