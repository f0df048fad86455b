"""Runs planted in a ledger without any client: ten good ones and ten worse ones."""

from collections.abc import Iterator

from domain.experiment import EXPERIMENT_CREATED
from domain.metric import decimal_text
from domain.run import RUN_LOGGED, RUN_STARTED
from ledger.entry import Draft
from ledger.log import Log

SEEDS = 10
POLICY = """
version: 1
replicates: [seed]
metrics:
  accuracy: {direction: higher}
policies:
  release:
    rules:
      - {id: accuracy, metric: accuracy, margin: {abs: "0.005"}, min_samples: 3, severity: block}
"""
GOOD = tuple(f"good{seed}" for seed in range(SEEDS))
WORSE = tuple(f"worse{seed}" for seed in range(SEEDS))


def plant_runs(log: Log, project: str = "default") -> None:
    """Record one experiment with both kinds of runs."""
    log.append(list(_drafts(project)))


def _drafts(project: str) -> Iterator[Draft]:
    experiment = {"experiment_id": "7", "name": "digits", "artifact_location": "x", "tags": {}}
    yield _draft(project, EXPERIMENT_CREATED, "e", experiment)
    for kind, accuracy in (("good", 0.95), ("worse", 0.90)):
        for seed in range(SEEDS):
            run_id = f"{kind}{seed}"
            yield _draft(project, RUN_STARTED, f"{run_id}/started", _started(run_id))
            value = decimal_text(accuracy + seed / 10_000)
            yield _draft(project, RUN_LOGGED, f"{run_id}/logged", _logged(run_id, kind, value))


def _started(run_id: str) -> dict[str, object]:
    return {
        "run_id": run_id,
        "experiment_id": "7",
        "name": run_id,
        "user": "someone",
        "start_time": 1,
        "tags": {},
        "uses": [],
        "parent_run_id": "",
        "job": "",
    }


def _logged(run_id: str, kind: str, value: str) -> dict[str, object]:
    return {
        "run_id": run_id,
        "metrics": [{"key": "accuracy", "value": value, "step": 0, "timestamp": 1}],
        "params": {"kind": kind, "seed": run_id[-1]},
        "tags": {},
        "uses": [],
    }


def _draft(project: str, kind: str, idem: str, payload: object) -> Draft:
    return Draft(kind, project, "someone", "test", idem, payload)  # type: ignore[arg-type]
