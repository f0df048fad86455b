"""Records of models: those that runs logged, and those that stand in a registry."""

from typing import Literal, NotRequired, TypedDict

from domain.names import checked_name, checked_text
from domain.strict_shape import Shape
from ingest.limits import (
    MAX_ALIAS,
    MAX_DESCRIPTION,
    MAX_EXPERIMENT_NAME,
    MAX_KEY,
    MAX_REGISTERED_NAME,
)
from ingest.mlflow.locations import checked_artifact_path, checked_model_id, checked_source
from ingest.mlflow.logged_models import STATUSES
from ingest.mlflow.registry import STAGES
from ingest.record_values import ExperimentOf, experiment_in, id_in, member_in, texts_in


class LoggedModelRecord(TypedDict):
    """A model that a run logged (MLflow 3)."""

    kind: Literal["logged_model"]
    model_id: str
    experiment: ExperimentOf
    name: str
    model_type: str
    run_id: str
    """The run that made it; empty when none did."""
    status: str
    deleted: bool
    params: dict[str, str]
    tags: dict[str, str]


class VersionOf(TypedDict):
    """One version of a registered model."""

    version: int
    source: NotRequired[str]
    """An address, kept as text;"""
    source_run: NotRequired[str]
    """or the run that has the files among its artifacts, here as there,"""
    run_path: NotRequired[str]
    """and the folder below these."""
    run_id: str
    run_link: str
    model_id: str
    description: str
    stage: str
    tags: dict[str, str]


class RegisteredModelRecord(TypedDict):
    """A name in a registry, with its versions by number."""

    kind: Literal["registered_model"]
    name: str
    description: str
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: list[VersionOf]


ModelRecord = LoggedModelRecord | RegisteredModelRecord


def read_logged_model(shape: Shape) -> LoggedModelRecord:
    """The record in ``shape``; ``UsageError`` when it is none."""
    return LoggedModelRecord(
        kind="logged_model",
        model_id=checked_model_id(shape.text("model_id")),
        experiment=experiment_in(shape),
        name=checked_name(shape.text("name"), what="model name", limit=MAX_EXPERIMENT_NAME),
        model_type=checked_text(shape.text("model_type"), what="model type", limit=MAX_KEY),
        run_id=_optional_run(shape),
        status=member_in(shape, "status", STATUSES.values()),
        deleted=shape.flag("deleted"),
        params=texts_in(shape, "params"),
        tags=texts_in(shape, "tags"),
    )


def read_registered_model(shape: Shape) -> RegisteredModelRecord:
    """The record in ``shape``; ``UsageError`` when it is none."""
    aliases = shape.object("aliases")
    return RegisteredModelRecord(
        kind="registered_model",
        name=checked_name(shape.text("name"), what="model name", limit=MAX_REGISTERED_NAME),
        description=_description(shape),
        tags=texts_in(shape, "tags"),
        aliases={
            checked_name(alias, what="alias", limit=MAX_ALIAS): aliases.integer(alias)
            for alias in aliases.value
        },
        versions=[_version(one) for one in shape.objects("versions")],
    )


def _version(shape: Shape) -> VersionOf:
    version = VersionOf(
        version=shape.integer("version"),
        run_id=_optional_run(shape),
        run_link=checked_text(shape.text("run_link"), what="run_link", limit=500),
        model_id=checked_model_id(shape.text("model_id")) if shape.text("model_id") else "",
        description=_description(shape),
        stage=member_in(shape, "stage", STAGES),
        tags=texts_in(shape, "tags"),
    )
    if shape.has("source_run"):
        path = shape.text("run_path")
        version["source_run"] = id_in(shape, "source_run")
        version["run_path"] = checked_artifact_path(path) if path else ""
    else:
        version["source"] = checked_source(shape.text("source"))
    return version


def _optional_run(shape: Shape) -> str:
    return id_in(shape, "run_id") if shape.text("run_id") else ""


def _description(shape: Shape) -> str:
    return checked_text(shape.text("description"), what="description", limit=MAX_DESCRIPTION)
