"""A small recorded world: entries of runs in a memory graph, metric values in a dictionary."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from analytics.comparison import Comparison, compare
from analytics.criterion import Criterion
from analytics.examples import ExampleResults, parse_examples
from analytics.facts import RunFacts, gather_facts
from analytics.last_values import LastValues
from analytics.metric_rows import PointRow
from analytics.summaries import MetricSummary, summarise
from domain.artifact import ArtifactRef, ArtifactUse
from domain.canonical import JsonObject
from domain.metric import Direction, MetricDefinition, MetricPoint, decimal_text
from graph.memory import MemoryGraph
from ledger.entry import Entry
from ledger.projection import Cursor

ACCURACY = {"acc": MetricDefinition("acc", Direction.HIGHER)}


def use(
    role: str,
    facet: str,
    name: str,
    digest: str,
    *,
    kind: str = "DATASET",
    algorithm: str = "mlflow.numpy",
    strength: str = "SAMPLED",
) -> ArtifactUse:
    """An artifact version in a role."""
    artifact = ArtifactRef(
        kind=kind, name=name, digest=digest, algorithm=algorithm, strength=strength
    )
    return ArtifactUse(role=role, facet=facet, artifact=artifact)


def train_data(digest: str, name: str = "digits-train") -> ArtifactUse:
    return use("training", "TRAIN_DATA", name, digest)


def eval_data(digest: str) -> ArtifactUse:
    return use("evaluation", "EVAL_DATA", "digits-test", digest)


def code(revision: str, facet: str = "TRAIN_CODE", role: str = "code") -> ArtifactUse:
    return use(role, facet, "repo", revision, kind="CODE", algorithm="git.commit", strength="NAMED")


def model(model_id: str) -> ArtifactUse:
    return use(
        "model",
        "BASE_MODEL",
        model_id,
        model_id,
        kind="MODEL",
        algorithm="version",
        strength="NAMED",
    )


@dataclass
class World:
    """Runs as their entries; also a ``SummaryReader``, and it counts graph calls."""

    graph: MemoryGraph = field(default_factory=MemoryGraph)
    series: dict[tuple[str, str], list[tuple[int, int, float]]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    on_datasets: dict[str, list[PointRow]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.graph.cursor().size

    def record(self, kind: str, payload: JsonObject) -> None:
        old = self.graph.cursor()
        entry = Entry(old.size, kind, "default", "", "test", str(old.size), 0, 1, payload, b"")
        self.entries.append(entry)
        self.graph.apply([entry], old=old, new=Cursor(old.size + 1))

    def run(
        self,
        run_id: str,
        *uses: ArtifactUse,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        metrics: Mapping[str, float] | None = None,
        generates: Sequence[ArtifactUse] = (),
        parent: str = "",
        job: str = "train.py",
        status: str = "FINISHED",
    ) -> str:
        """Record a whole run; its id."""
        started = {"run_id": run_id, "experiment_id": "0", "name": run_id, "user": ""}
        about = {"start_time": 0, "tags": tags or {}, "parent_run_id": parent, "job": job}
        self.record("run.started", {**started, **about, "uses": list(uses)})
        logged = {"run_id": run_id, "metrics": [], "params": params or {}, "tags": {}, "uses": []}
        self.record("run.logged", logged)
        self.record("run.outputs_logged", {"run_id": run_id, "generates": list(generates)})
        self.record("run.updated", {"run_id": run_id, "status": status})
        for key, value in (metrics or {}).items():
            self.series[run_id, key] = [(0, 0, value)]
        return run_id

    def summaries(
        self,
        run_ids: Collection[str],
        *,
        keys: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> dict[str, dict[str, MetricSummary]]:
        found: dict[str, dict[str, MetricSummary]] = {}
        for (run_id, key), points in self.series.items():
            if run_id in run_ids and (keys is None or key in keys):
                found.setdefault(run_id, {})[key] = summarise(key, points, 0)
        return found

    def last_values(self, key: str, *, as_of: int | None = None) -> LastValues:
        points = {run: points for (run, one), points in self.series.items() if one == key}
        return LastValues.of({run: summarise(key, points[run], 0).last for run in points})

    def points(self, run_id: str, key: str, *, as_of: int | None = None) -> list[MetricPoint]:
        return [
            MetricPoint(key=key, value=decimal_text(value), step=step, timestamp=at)
            for step, at, value in sorted(self.series.get((run_id, key), []))
        ]

    def dataset_points(
        self, run_ids: Collection[str], *, as_of: int | None = None
    ) -> dict[str, list[PointRow]]:
        return {run: rows for run, rows in self.on_datasets.items() if run in run_ids}

    def examples(self, digest: str, suffix: str) -> ExampleResults:
        return parse_examples(self.files[digest], suffix)

    def facts(self, run_ids: Collection[str]) -> list[RunFacts]:
        return gather_facts(self.graph, self, run_ids, as_of=self.size)

    def compare(
        self,
        baseline: Collection[str],
        candidate: Collection[str],
        criterion: Criterion | None = None,
        definitions: Mapping[str, MetricDefinition] = ACCURACY,
    ) -> Comparison:
        """The comparison of two lists of run ids."""
        return compare(
            self.facts(baseline),
            self.facts(candidate),
            definitions=definitions,
            criteria={"acc": criterion} if criterion else {},
            graph=self.graph,
            as_of=self.size,
        )
