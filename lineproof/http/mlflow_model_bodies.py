"""What MLflow's client reads of models: its protocol buffers' JSON."""

from collections.abc import Mapping

from analytics.metric_rows import metric_point
from lineproof.http.mlflow_bodies import Body, point_body
from resolvers.mlflow_models import MlflowModel
from resolvers.mlflow_registry import NO_STAGE, MlflowRegistered, MlflowVersion


def model_body(model: MlflowModel) -> Body:
    """``LoggedModel``."""
    info: Body = {
        "model_id": model.model_id,
        "experiment_id": model.experiment_id,
        "name": model.name,
        "creation_timestamp_ms": model.created_at,
        "last_updated_timestamp_ms": model.updated_at,
        "artifact_uri": model.artifact_uri,
        "status": model.status,
        "model_type": model.model_type,
        "source_run_id": model.source_run_id,
        "tags": _pairs(model.tags),
    }
    metrics = [
        {
            **point_body(metric_point(row)),
            "model_id": model.model_id,
            "run_id": row.run,
            "dataset_name": row.dataset_name or "",
            "dataset_digest": row.dataset_digest or "",
        }
        for row in model.metrics
    ]
    data: Body = {"params": _pairs(model.params), "metrics": metrics}
    return {"info": _filled(info), "data": _filled(data)}


def registered_body(model: MlflowRegistered) -> Body:
    """``RegisteredModel``."""
    return _filled(
        {
            "name": model.name,
            "creation_timestamp": model.created_at,
            "last_updated_timestamp": model.updated_at,
            "description": model.description,
            "latest_versions": [version_body(version) for version in model.latest],
            "tags": _pairs(model.tags),
            "aliases": [
                {"alias": alias, "version": str(version)}
                for alias, version in model.aliases.items()
            ],
        }
    )


def version_body(version: MlflowVersion) -> Body:
    """``ModelVersion``."""
    always: Body = {"description": version.description, "run_id": version.run_id}
    return always | _filled(
        {
            "name": version.name,
            "version": str(version.version),
            "creation_timestamp": version.created_at,
            "last_updated_timestamp": version.updated_at,
            "current_stage": version.stage or NO_STAGE,
            "source": version.source,
            "run_link": version.run_link,
            "model_id": version.model_id,
            "status": "READY",
            "tags": _pairs(version.tags),
            "aliases": list(version.aliases),
        }
    )


def _pairs(texts: Mapping[str, str]) -> list[Body]:
    return [{"key": key, "value": value} for key, value in texts.items()]


def _filled(body: Mapping[str, object]) -> Body:
    return {name: value for name, value in body.items() if value not in ("", [])}
