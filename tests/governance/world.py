"""A data folder of its own with the real ledger, a graph and the metric tables."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analytics.tables import MetricTables
from domain.approver import FIRST
from domain.artifact import artifact_id
from domain.clock import FrozenClock
from domain.experiment import EXPERIMENT_CREATED
from domain.metric import decimal_text
from domain.run import RUN_DELETED, RUN_LOGGED, RUN_OUTPUTS_LOGGED, RUN_STARTED
from governance.apply_policy import apply_policies, record_policies
from governance.approver_change import ApproverRegistrar, change_document, sign_change
from governance.approvers import Approvers, approvers
from governance.artifact_signature import SignatureRegistrar
from governance.evaluate import evaluate_gate
from governance.gate_request import gate_request_from_json
from governance.policy_reader import parse_policy_document
from governance.quarantine import Keeper
from governance.verdict import VerdictRecord
from governance.waiver_entries import Registrar
from graph.memory import MemoryGraph
from graph.model import NodeKind, node_id
from graph.neo4j import Neo4jGraph
from graph.port import GraphStore
from graph.sqlite.store import SqliteGraph
from ledger.entry import Draft, Receipt
from ledger.log import Log
from ledger.projection import catch_up
from ledger.signing import Signer

GOOD = (0.95, 0.951, 0.952, 0.949, 0.95)
BAD = (0.90, 0.901, 0.902, 0.899, 0.90)
POLICY = """\
version: 1
metrics:
  accuracy: {direction: higher}
policies:
  release:
    baseline: {last_passing: {}}
    min_comparability: assumed
    rules:
      - {id: accuracy, metric: accuracy, margin: {abs: "0.005"}, min_samples: 3}
"""


def evaluation_set(digest: str = "aaaa1111") -> dict[str, Any]:
    return _use(
        "evaluation", "EVAL_DATA", "DATASET", "digits-test", "mlflow.numpy", digest, "SAMPLED"
    )


def evaluation_code(digest: str = "c" * 40) -> dict[str, Any]:
    return _use("code", "EVAL_CODE", "CODE", "evaluate.py", "sha256", digest, "CONTENT")


def training_set(digest: str = "bbbb2222") -> dict[str, Any]:
    return _use(
        "training", "TRAIN_DATA", "DATASET", "digits-train", "mlflow.numpy", digest, "SAMPLED"
    )


def _use(
    role: str, facet: str, kind: str, name: str, algorithm: str, digest: str, strength: str
) -> dict[str, Any]:
    artifact = {
        "kind": kind,
        "name": name,
        "digest": digest,
        "algorithm": algorithm,
        "strength": strength,
    }
    return {"role": role, "facet": facet, "artifact": artifact}


class World:
    """One data folder; ``store`` is ``memory``, ``sqlite`` or the address of a Neo4j server."""

    def __init__(self, folder: Path, store: str = "memory") -> None:
        self.folder = folder
        self.clock = FrozenClock(1_700_000_000_000)
        self.log = Log.open(folder, clock=self.clock, background=False)
        self.graph = _graph(folder, store)
        self.metrics = MetricTables.open(folder, clock=self.clock)
        self._count = 0
        self._catching_up = threading.Lock()

    def close(self) -> None:
        self.metrics.close()
        self.graph.close()
        self.log.close()

    def catch_up(self) -> int:
        with self._catching_up:
            size = self.log.head().size
            for projection in (self.graph, self.metrics):
                catch_up(self.log, projection, upto=size)
            return size

    def append(self, kind: str, payload: Mapping[str, Any], project: str = "default") -> Receipt:
        self._count += 1
        draft = Draft(kind, project, "tester", "test", f"test/{self._count}", payload)
        return self.log.append([draft])[0]

    def experiment(self, experiment_id: str, name: str) -> None:
        """An experiment; runs of this world are in "1"."""
        payload = {"experiment_id": experiment_id, "name": name, "artifact_location": ""}
        self.append(EXPERIMENT_CREATED, {**payload, "tags": {}})

    def start(
        self,
        run_id: str,
        metrics: Mapping[str, float],
        *,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        uses: Iterable[Mapping[str, Any]] | None = None,
        project: str = "default",
    ) -> str:
        """A run that logged its metrics; returns its id."""
        inputs = list(uses) if uses is not None else [evaluation_set(), evaluation_code()]
        self.append(
            RUN_STARTED,
            {
                "run_id": run_id,
                "experiment_id": "1",
                "name": run_id,
                "user": "ann",
                "start_time": 0,
                "tags": dict(tags or {}),
                "uses": inputs,
                "parent_run_id": "",
                "job": "train.py",
            },
            project,
        )
        self.record(run_id, metrics, params=params, project=project)
        return run_id

    def record(
        self,
        run_id: str,
        metrics: Mapping[str, float],
        *,
        params: Mapping[str, str] | None = None,
        step: int = 0,
        project: str = "default",
    ) -> None:
        points = [
            {"key": key, "value": decimal_text(value), "step": step, "timestamp": 0}
            for key, value in metrics.items()
        ]
        self.append(
            RUN_LOGGED,
            {
                "run_id": run_id,
                "metrics": points,
                "params": dict(params or {}),
                "tags": {},
                "uses": [],
            },
            project,
        )

    def batch(self, prefix: str, values: Sequence[float] = GOOD, **more: Any) -> list[str]:
        """One run for each value of accuracy, each with its own seed."""
        params = more.pop("params", {})
        return [
            self.start(
                f"{prefix}{seed}", {"accuracy": value}, params={**params, "seed": str(seed)}, **more
            )
            for seed, value in enumerate(values)
        ]

    def produce(self, run_id: str, name: str, digest: str, project: str = "default") -> str:
        """A model that a run generated, identified by its content; its graph node id."""
        use = _use("model", "", "MODEL", name, "sha256", digest, "CONTENT")
        self.append(RUN_OUTPUTS_LOGGED, {"run_id": run_id, "generates": [use]}, project)
        return node_id(NodeKind.ARTIFACT, artifact_id(project, use["artifact"]))

    def keeper(self) -> Keeper:
        return Keeper(self.log, self.graph, self.catch_up, "default", "test")

    def registrar(self) -> Registrar:
        return Registrar(self.log, self.graph, self.catch_up, "default", "test")

    def set_approvers(
        self,
        threshold: int,
        keys: Sequence[str],
        *,
        by: Iterable[Signer] = (),
        signers: Sequence[str] = (),
        after: int | None = None,
    ) -> Approvers:
        """Put a set in force, signed ``by`` those of the set before."""
        before = approvers(self.graph, "default", as_of=self.catch_up()).seq
        last = FIRST if before is None else before
        document = change_document(
            {
                "version": 1,
                "project": "default",
                "after": last if after is None else after,
                "threshold": threshold,
                "keys": list(keys),
                "signers": list(signers),
            }
        )
        signatures = [sign_change(document, signer) for signer in by]
        parts = (self.log, self.graph, self.catch_up, "default", "test")
        return ApproverRegistrar(*parts).change(document, signatures)

    def signatures(self) -> SignatureRegistrar:
        return SignatureRegistrar(self.log, self.graph, self.catch_up, "default", "test")

    def delete(self, run_id: str) -> None:
        self.append(RUN_DELETED, {"run_id": run_id})

    def declare(self, text: str = POLICY, project: str = "default") -> Mapping[str, int]:
        changes = apply_policies(
            parse_policy_document(text),
            graph=self.graph,
            as_of=self.catch_up(),
            project=project,
            actor="ann",
            source="test",
        )
        return record_policies(changes, ledger=self.log)

    def ask(self, candidate: Any, baseline: Any = None, **more: Any) -> VerdictRecord:
        """The verdict on runs, or on a run set in JSON."""
        project = more.pop("project", "default")
        body: dict[str, Any] = {"policy": "release", "candidate": _set(candidate), **more}
        if baseline is not None:
            body["baseline"] = _set(baseline)
        return evaluate_gate(
            gate_request_from_json(body),
            log=self.log,
            graph=self.graph,
            metrics=self.metrics,
            catch_up=self.catch_up,
            project=project,
            source="test",
        )


def _graph(folder: Path, store: str) -> GraphStore:
    if store == "memory":
        return MemoryGraph()
    return SqliteGraph(folder / "graph.db") if store == "sqlite" else Neo4jGraph(store)


def _set(value: Any) -> Any:
    return {"runs": list(value)} if isinstance(value, list) else value
