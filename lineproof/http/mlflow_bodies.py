"""What MLflow's client reads: runs, experiments and points as its protocol buffers' JSON.

As there, an empty list is left out, an int64 is a number, and a double that JSON cannot hold is the
text ``NaN``, ``Infinity`` or ``-Infinity``.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from analytics.summaries import MetricSummary
from domain.metric import MetricPoint, decimal_text
from graph.used_datasets import UsedDataset
from resolvers.mlflow_experiments import MlflowExperiment
from resolvers.mlflow_runs import MlflowRun

Body: TypeAlias = dict[str, object]


def run_body(run: MlflowRun) -> Body:
    """``Run``."""
    data = {
        "metrics": [_summary(metric) for metric in run.metrics],
        "params": _pairs(run.params),
        "tags": _pairs(run.tags),
    }
    inputs = {
        "dataset_inputs": [_dataset(dataset) for dataset in run.datasets],
        "model_inputs": [{"model_id": model_id} for model_id in run.models_used],
    }
    outputs = {
        "model_outputs": [
            {"model_id": model.model_id, "step": model.step} for model in run.models_made
        ]
    }
    return {
        "info": run_info_body(run),
        "data": _filled(data),
        "inputs": _filled(inputs),
        "outputs": _filled(outputs),
    }


def run_info_body(run: MlflowRun) -> Body:
    """``RunInfo``."""
    body: Body = {
        "run_uuid": run.run_id,
        "experiment_id": run.experiment_id,
        "run_name": run.name,
        "user_id": run.user,
        "status": run.status,
        "start_time": run.start_time,
        "artifact_uri": run.artifact_uri,
        "lifecycle_stage": run.lifecycle,
        "run_id": run.run_id,
    }
    if run.end_time is not None:
        body["end_time"] = run.end_time
    return body


def experiment_body(experiment: MlflowExperiment) -> Body:
    """``Experiment``."""
    body: Body = {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "artifact_location": experiment.artifact_location,
        "lifecycle_stage": experiment.lifecycle,
        "last_update_time": experiment.updated_at,
        "creation_time": experiment.created_at,
        "workspace": "default",
    }
    if experiment.tags:
        body["tags"] = _pairs(experiment.tags)
    return body


def point_body(point: MetricPoint) -> Body:
    """``Metric``, one point of a history."""
    return {
        "key": point["key"],
        "value": _number(float(point["value"])),
        "timestamp": point["timestamp"],
        "step": point["step"],
    }


def page_body(name: str, items: Sequence[Body], token: str) -> Body:
    """A page of a search: the items, and where to go on."""
    body: Body = {name: items} if items else {}
    if token:
        body["next_page_token"] = token
    return body


def _summary(summary: MetricSummary) -> Body:
    return {
        "key": summary.key,
        "value": _number(summary.last),
        "timestamp": summary.last_timestamp,
        "step": summary.last_step,
    }


def _dataset(dataset: UsedDataset) -> Body:
    body: Body = {"dataset": {"name": dataset.name, "digest": dataset.digest, **dataset.attributes}}
    if dataset.tags:
        body["tags"] = _pairs(dataset.tags)
    return body


def _pairs(texts: Mapping[str, str]) -> list[Body]:
    return [{"key": key, "value": value} for key, value in texts.items()]


def _filled(body: Mapping[str, object]) -> Body:
    return {name: value for name, value in body.items() if value}


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else decimal_text(value)
