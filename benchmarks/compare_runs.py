"""The 51 runs that ``bench_compare`` records in both stores."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.canonical import JsonObject
from domain.ids import SequentialIds
from domain.metric import MetricPoint, decimal_text
from domain.run import RUN_INPUTS_LOGGED, RUN_LOGGED, RUN_STARTED, RUN_UPDATED
from ingest.facets import dataset_use, tag_uses
from ledger.entry import Draft

METRICS = ("accuracy", "f1", "precision", "recall", "auc")
STEPS = 10
COUNT = 51
EXPERIMENT = "bench"


@dataclass(frozen=True)
class RunSpec:
    """What is logged of one run."""

    run_id: str
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[tuple[str, float, int]]
    """(key, value, step)."""
    datasets: list[tuple[str, str, str]]
    """(name, digest, context)."""


def specs() -> list[RunSpec]:
    """50 runs, then the one that is compared with them: two planted causes, else only seeds."""
    ids = SequentialIds("bench_compare")
    return [_spec(index, ids.hex32()) for index in range(COUNT)]


def _spec(index: int, run_id: str) -> RunSpec:
    planted = index == COUNT - 1
    params = {f"param_{n}": str(n / 7) for n in range(8)}
    params |= {"alpha": "0.01" if planted else "0.0001", "seed": str(index)}
    level = 0.90 if planted else 0.95
    return RunSpec(
        run_id=run_id,
        params=params,
        tags={"mlflow.source.git.commit": "1a2b3c4d5e6f" * 3 + "abcd", "team": "vision"},
        metrics=[
            (name, level + n / 100 + step / 1000 + index / 10_000, step)
            for n, name in enumerate(METRICS)
            for step in range(STEPS)
        ],
        datasets=[
            ("digits-train", "d7f3a2c1" if planted else "a1b2c3d4", "training"),
            ("digits-test", "e5f6a7b8", "evaluation"),
        ],
    )


def drafts(spec: RunSpec) -> list[Draft]:
    """The run as the entries that the MLflow door makes of it."""
    started: JsonObject = {
        "run_id": spec.run_id,
        "experiment_id": "1",
        "name": spec.run_id[:8],
        "user": "bench",
        "start_time": 0,
        "tags": spec.tags,
        "uses": tag_uses(spec.tags, sorted(spec.tags)),
        "parent_run_id": "",
        "job": "train.py",
    }
    points = [
        MetricPoint(key=key, value=decimal_text(value), step=step, timestamp=step)
        for key, value, step in spec.metrics
    ]
    logged: JsonObject = {
        "run_id": spec.run_id,
        "metrics": points,
        "params": spec.params,
        "tags": {},
        "uses": [],
    }
    uses = [
        dataset_use(name=name, digest=digest, context=context, attributes={}, tags={})
        for name, digest, context in spec.datasets
    ]
    payloads: dict[str, JsonObject] = {
        RUN_STARTED: started,
        RUN_LOGGED: logged,
        RUN_INPUTS_LOGGED: {"run_id": spec.run_id, "uses": uses},
        RUN_UPDATED: {"run_id": spec.run_id, "status": "FINISHED", "end_time": 1},
    }
    return [
        Draft(kind, "default", "bench", "mlflow", f"{kind}/{spec.run_id}", payload)
        for kind, payload in payloads.items()
    ]


def log_through_mlflow(uri: str, runs: list[RunSpec]) -> dict[str, Callable[[], object]]:
    """Log the runs with MLflow's client; what it then does to get at them again, by name."""
    import mlflow
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment(EXPERIMENT)
    ids: list[str] = []
    for spec in runs:
        run_id = client.create_run(experiment).info.run_id
        client.log_batch(
            run_id,
            metrics=[Metric(key, value, step, step) for key, value, step in spec.metrics],
            params=[Param(key, value) for key, value in spec.params.items()],
            tags=[RunTag(key, value) for key, value in spec.tags.items()],
        )
        inputs = [
            DatasetInput(
                Dataset(name=name, digest=digest, source_type="local", source="{}"),
                [InputTag("mlflow.data.context", context)],
            )
            for name, digest, context in spec.datasets
        ]
        client.log_inputs(run_id, inputs)
        client.set_terminated(run_id)
        ids.append(run_id)
    mlflow.set_tracking_uri(uri)

    def get_each() -> None:
        for run_id in ids:
            client.get_run(run_id)

    def search() -> None:
        frame = mlflow.search_runs([experiment], max_results=COUNT)
        if len(frame) != COUNT:
            raise SystemExit(f"mlflow found {len(frame)} of {COUNT} runs")

    return {f"mlflow: {COUNT} get-run calls": get_each, "mlflow: one search, DataFrame": search}
