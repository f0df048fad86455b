"""Runs of an MLflow folder, read through MLflow's client from there and from here, are the same."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag, Run, ViewType
from mlflow.tracking import MlflowClient

from lineproof.cli.main import main
from tests.e2e.mlflow_server import RunningServer, running_server

GOLDEN = Path(__file__).parent.parent / "golden" / "mlruns-1.30"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An old folder, to which today's file store has added a run with a dataset."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    path = tmp_path / "mlruns"
    shutil.copytree(GOLDEN, path)
    for run in [one.parent for one in path.glob("**/tags/mlflow.user")]:
        for name in ("artifacts", "metrics", "params"):
            # Git keeps no empty folders; the file store wants them.
            (run.parent / name).mkdir(exist_ok=True)
    client = MlflowClient(path.as_uri())
    run = client.create_run("1", run_name="new", tags={"mlflow.note.content": "of today"})
    run_id = run.info.run_id
    schema = '{"mlflow_colspec": []}'
    dataset = Dataset("train", "12345678", "s3", '{"uri": "s3://b/x"}', schema=schema)
    tag = InputTag("mlflow.data.context", "training")
    client.log_inputs(run_id, [DatasetInput(dataset, [tag])])
    for step in range(5):
        client.log_metric(
            run_id, "loss", 1 / (step + 1), timestamp=1_700_000_000_000 + step, step=step
        )
    client.log_param(run_id, "lr", "0.1")
    client.set_terminated(run_id, end_time=1_700_000_001_000)
    return path


def told(client: MlflowClient, run: Run) -> dict[str, Any]:
    """Everything that a client can ask of a run, but for where its artifacts are."""
    info = run.info
    keys = sorted(run.data.metrics)
    inputs = run.inputs.dataset_inputs if run.inputs else []
    return {
        "name": info.run_name,
        "status": info.status,
        "start": info.start_time,
        "end": info.end_time,
        "lifecycle": info.lifecycle_stage,
        "user": info.user_id,
        "params": run.data.params,
        "tags": {k: v for k, v in run.data.tags.items() if v},
        "series": {
            key: [
                (repr(point.value), point.step, point.timestamp)
                for point in client.get_metric_history(info.run_id, key)
            ]
            for key in keys
        },
        "inputs": [
            (one.dataset.name, one.dataset.digest, one.dataset.source, one.dataset.schema)
            for one in inputs
        ],
    }


def every_run(client: MlflowClient) -> dict[str, dict[str, Any]]:
    experiments = client.search_experiments(view_type=ViewType.ALL)
    runs = client.search_runs(
        [one.experiment_id for one in experiments], run_view_type=ViewType.ALL
    )
    return {run.info.run_id: told(client, run) for run in runs}


def test_the_client_is_told_the_same(server: RunningServer, folder: Path) -> None:
    assert main(["import", "mlflow", str(folder), "--url", server.url]) == 0
    before = every_run(MlflowClient(folder.as_uri()))
    after = every_run(MlflowClient(server.url))
    assert len(before) == 4
    assert after == before
    names = {
        one.name for one in MlflowClient(server.url).search_experiments(view_type=ViewType.ALL)
    }
    assert names == {"Default", "digits", "gone"}
