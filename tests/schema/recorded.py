"""A small recorded history for tests: a real ledger and tables, the graph in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analytics.delta_index.index import DeltaIndex
from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.tables import MetricTables
from domain.artifact import ArtifactRef, ArtifactUse
from domain.clock import FrozenClock
from domain.ids import SequentialIds, derived_id
from domain.metric import decimal_text
from governance.apply_policy import apply_policies
from governance.policy_reader import parse_policy_document
from graph.memory import MemoryGraph
from ledger.entry import Draft
from ledger.log import Log
from ledger.projection import catch_up

START = 1_700_000_000_000
POLICY = """
version: 1
replicates: [seed]
metrics:
  accuracy: {direction: higher}
policies:
  release:
    min_comparability: unknown
    rules:
      - {id: accuracy, metric: accuracy, margin: {abs: "0.005"}, alpha: "0.05", min_samples: 3}
"""


@dataclass
class Recorder:
    """The ports that the schema needs, and a way to record runs."""

    log: Log
    graph: Any
    metrics: MetricTables
    clock: FrozenClock
    ids: SequentialIds = field(default_factory=SequentialIds)
    project: str = "default"
    deltas: DeltaIndexFile = field(default_factory=DeltaIndexFile)
    _next: int = 0

    def delta_index(self) -> DeltaIndex:
        catch_up(self.log, self.deltas)
        return DeltaIndex(self.deltas)

    def catch_up(self) -> int:
        size = self.log.head().size
        for projection in (self.graph, self.metrics):
            catch_up(self.log, projection, upto=size)
        return size

    def append(self, type_: str, payload: Mapping[str, Any], project: str | None = None) -> int:
        self._next += 1
        draft = Draft(
            type=type_,
            project=project or self.project,
            actor="tester",
            source="test",
            idem=f"test/{self._next}",
            payload=payload,
        )
        return self.log.append([draft])[0].seq

    def experiment(self, experiment_id: str = "1", name: str = "digits", **kw: Any) -> int:
        return self.append(
            "experiment.created",
            {
                "experiment_id": experiment_id,
                "name": name,
                "artifact_location": f"mlflow-artifacts:/{experiment_id}",
                "tags": {"team": "vision"},
            },
            **kw,
        )

    def run(
        self,
        run_id: str,
        *,
        accuracy: float | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        uses: Sequence[ArtifactUse] = (),
        experiment_id: str = "1",
        parent: str = "",
        project: str | None = None,
    ) -> int:
        seq = self.append(
            "run.started",
            {
                "run_id": run_id,
                "experiment_id": experiment_id,
                "name": f"run {run_id}",
                "user": "ada",
                "start_time": START,
                "tags": dict(tags or {}),
                "uses": [],
                "parent_run_id": parent,
                "job": "train.py",
            },
            project=project,
        )
        points = []
        if accuracy is not None:
            value = decimal_text(accuracy)
            points = [{"key": "accuracy", "value": value, "step": 0, "timestamp": START}]
        self.append(
            "run.logged",
            {
                "run_id": run_id,
                "metrics": points,
                "params": dict(params or {}),
                "tags": {},
                "uses": list(uses),
            },
            project=project,
        )
        self.append(
            "run.updated",
            {"run_id": run_id, "status": "FINISHED", "end_time": START + 1_000},
            project=project,
        )
        return seq

    def policy(self, text: str = POLICY) -> None:
        changes = apply_policies(
            parse_policy_document(text),
            graph=self.graph,
            as_of=self.catch_up(),
            project=self.project,
            actor="tester",
            source="test",
        )
        self.log.append([change.draft for change in changes if change.draft])


def open_recorder(folder: Path) -> Recorder:
    clock = FrozenClock(START)
    log = Log.open(folder, clock=clock, background=False)
    return Recorder(log, MemoryGraph(), MetricTables.open(folder, clock=clock), clock)


def dataset(name: str, digest: str, *, role: str, facet: str) -> ArtifactUse:
    ref: ArtifactRef = {
        "kind": "DATASET",
        "name": name,
        "digest": digest,
        "algorithm": "sha256",
        "strength": "CONTENT",
    }
    return {"role": role, "facet": facet, "artifact": ref, "tags": {"context": role}}


def run_id(name: str) -> str:
    return derived_id("run", name)


EVAL = dataset("digits-test", "sha256:" + "e" * 64, role="evaluation", facet="EVAL_DATA")
TRAIN_1 = dataset("digits-train", "sha256:" + "1" * 64, role="training", facet="TRAIN_DATA")
TRAIN_2 = dataset("digits-train", "sha256:" + "2" * 64, role="training", facet="TRAIN_DATA")


def record_variants(recorder: Recorder, *, seeds: int = 4) -> dict[str, list[str]]:
    """A baseline, one single change (training data) and one confounded change."""
    recorder.experiment()
    recorder.policy()
    variants = {
        "baseline": (0.95, {"alpha": "0.0001"}, TRAIN_1),
        "data": (0.90, {"alpha": "0.0001"}, TRAIN_2),
        "both": (0.90, {"alpha": "0.01"}, TRAIN_2),
    }
    ids: dict[str, list[str]] = {}
    for name, (accuracy, params, train) in variants.items():
        for seed in range(seeds):
            each = run_id(f"{name}/{seed}")
            ids.setdefault(name, []).append(each)
            recorder.run(
                each,
                accuracy=accuracy + seed / 1000,
                params={**params, "seed": str(seed)},
                tags={"lineproof.facet.eval_code": "sha256:" + "c" * 64},
                uses=[EVAL, train],
            )
    return ids
