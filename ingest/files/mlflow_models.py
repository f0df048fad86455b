"""Models as MLflow's stores keep them, folder or database, as records."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from domain.errors import ErrorCode, UsageError
from ingest.mlflow.locations import checked_source
from ingest.mlflow.logged_models import STATUSES
from ingest.model_record import LoggedModelRecord, RegisteredModelRecord, VersionOf
from ingest.record_values import ExperimentOf

MODEL_URI: Final = "models:/"
_MODEL_FOLDER: Final = re.compile(r"/models/(m-[0-9a-zA-Z]+)/artifacts/?$", re.ASCII)
_RUN_FOLDER: Final = re.compile(r"/([0-9a-f]{32})/artifacts(?:/(.*?))?/?$", re.ASCII)


def logged_model_record(
    meta: Mapping[str, object],
    experiment: ExperimentOf,
    *,
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> LoggedModelRecord:
    """The model that ``meta.yaml``, or a row of ``logged_models``, describes."""
    status = meta.get("status")
    return LoggedModelRecord(
        kind="logged_model",
        model_id=str(meta.get("model_id") or ""),
        experiment=experiment,
        name=str(meta.get("name") or ""),
        model_type=str(meta.get("model_type") or ""),
        run_id=str(meta.get("source_run_id") or ""),
        status=STATUSES.get(status, "") if isinstance(status, int) else str(status),
        deleted=meta.get("lifecycle_stage") == "deleted",
        params=dict(params),
        tags=dict(tags),
    )


def version_of(meta: Mapping[str, object], tags: Mapping[str, str]) -> VersionOf:
    """The version that ``meta.yaml``, or a row of ``model_versions``, describes.

    Files of a run, or of a logged model, are named as such, wherever the store had them. Raises
    ``UsageError`` for files at any other place of some machine.
    """
    number = meta.get("version")
    if not isinstance(number, int):
        raise UsageError("it has no number.", code=ErrorCode.MALFORMED)
    source = str(meta.get("source") or "")
    version = VersionOf(
        version=number,
        run_id=str(meta.get("run_id") or ""),
        run_link=str(meta.get("run_link") or ""),
        model_id=str(meta.get("model_id") or "") or _model_in(source),
        description=str(meta.get("description") or ""),
        stage=str(meta.get("current_stage") or "None"),
        tags=dict(tags),
    )
    below = _RUN_FOLDER.search(source)
    if below:
        version["source_run"], version["run_path"] = below[1], below[2] or ""
    elif _MODEL_FOLDER.search(source):
        version["source"] = MODEL_URI + version["model_id"]
    else:
        version["source"] = checked_source(source)
    return version


def registered_model_record(
    meta: Mapping[str, object],
    *,
    tags: Mapping[str, str],
    aliases: Mapping[str, int],
    versions: Sequence[VersionOf],
) -> RegisteredModelRecord:
    """The name that ``meta.yaml``, or a row of ``registered_models``, describes."""
    known = {version["version"] for version in versions}
    return RegisteredModelRecord(
        kind="registered_model",
        name=str(meta.get("name") or ""),
        description=str(meta.get("description") or ""),
        tags=dict(tags),
        aliases={alias: number for alias, number in aliases.items() if number in known},
        versions=list(versions),
    )


def _model_in(source: str) -> str:
    """The logged model that an address names; empty when it names none."""
    folder = _MODEL_FOLDER.search(source)
    if folder:
        return folder[1]
    name = source.removeprefix(MODEL_URI)
    return name if source.startswith(f"{MODEL_URI}m-") and "/" not in name else ""
