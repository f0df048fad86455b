"""Writes about logged models: created by a run, filled with files, then ready."""

from domain.errors import NotFoundError
from domain.model import (
    LOGGED_MODEL_CREATED,
    LOGGED_MODEL_DELETED,
    LOGGED_MODEL_UPDATED,
    LoggedModelCreated,
    LoggedModelRef,
    LoggedModelUpdated,
)
from domain.names import checked_name
from graph.model import Node
from graph.model_projector import logged_model
from graph.projector import ACTIVE
from ingest.limits import MAX_EXPERIMENT_NAME, MAX_KEY
from ingest.mlflow.fields import Fields, missing
from ingest.mlflow.keys import param_of, tag_of
from ingest.mlflow.locations import checked_model_id
from ingest.mlflow.state import active_experiment, checked_experiment_id, known_run
from ingest.mlflow.write import Planned, Write

STATUSES = {
    1: "LOGGED_MODEL_PENDING",
    2: "LOGGED_MODEL_READY",
    3: "LOGGED_MODEL_UPLOAD_FAILED",
}
"""``LoggedModelStatus`` of MLflow's service.proto."""


def create_logged_model(write: Write, body: Fields) -> Planned:
    """``logged-models``: pending until it is finalized."""
    experiment_id = checked_experiment_id(body.required("experiment_id"))
    source_run_id = body.text("source_run_id")
    params = dict(param_of(param) for param in body.objects("params"))
    tags = dict(tag_of(tag) for tag in body.objects("tags"))
    active_experiment(write, experiment_id)
    if source_run_id:
        known_run(write, source_run_id)
    model_id = f"m-{write.fresh_run_id()}"
    name = body.text("name") or f"model-{model_id[2:10]}"
    payload = LoggedModelCreated(
        model_id=model_id,
        experiment_id=experiment_id,
        name=checked_name(name, what="model name", limit=MAX_EXPERIMENT_NAME),
        model_type=_type(body),
        source_run_id=source_run_id,
        params=params,
        tags=tags,
    )
    return Planned((write.draft(LOGGED_MODEL_CREATED, payload, actor=""),), model_id)


def finalize_logged_model(write: Write, body: Fields) -> Planned:
    """``PATCH logged-models/<id>``: ready, or failed."""
    model_id = body.required("model_id")
    if not body.has("status"):
        raise missing("status")
    status = body.raw("status")
    if isinstance(status, int) and not isinstance(status, bool):
        status = STATUSES.get(status)
    if not isinstance(status, str) or status not in STATUSES.values():
        raise body.wrong("status", f"It must be one of {', '.join(STATUSES.values())}.")
    known_model(write, model_id)
    return _updated(write, LoggedModelUpdated(model_id=model_id, status=status))


def log_model_params(write: Write, body: Fields) -> Planned:
    """``logged-models/<id>/params``."""
    model_id = body.required("model_id")
    params = dict(param_of(param) for param in body.objects("params"))
    known_model(write, model_id)
    return _updated(write, LoggedModelUpdated(model_id=model_id, params=params))


def set_model_tags(write: Write, body: Fields) -> Planned:
    """``PATCH logged-models/<id>/tags``."""
    model_id = body.required("model_id")
    tags = dict(tag_of(tag) for tag in body.objects("tags"))
    known_model(write, model_id)
    return _updated(write, LoggedModelUpdated(model_id=model_id, tags=tags))


def delete_model_tag(write: Write, body: Fields) -> Planned:
    """``DELETE logged-models/<id>/tags/<key>``: NOT_FOUND when there is no such tag."""
    model_id, key = body.required("model_id"), body.required("tag_key")
    if f"tags.{key}" not in known_model(write, model_id).attributes:
        raise NotFoundError(f"No tag with key '{key[:250]}' found for model with ID '{model_id}'.")
    return _updated(write, LoggedModelUpdated(model_id=model_id, untag=key))


def delete_logged_model(write: Write, body: Fields) -> Planned:
    """``DELETE logged-models/<id>``: marked; its files and its history stay."""
    model_id = body.required("model_id")
    known_model(write, model_id)
    payload = LoggedModelRef(model_id=model_id)
    return Planned((write.draft(LOGGED_MODEL_DELETED, payload, actor=""),), model_id)


def known_model(write: Write, model_id: str) -> Node:
    """The model's node; ``NotFoundError`` without it, or when it is deleted."""
    wanted = logged_model(write.project, checked_model_id(model_id))
    node = write.graph.nodes([wanted]).get(wanted)
    if node is None or node.attributes.get("lifecycle") != ACTIVE:
        raise no_model(model_id)
    return node


def no_model(model_id: str) -> NotFoundError:
    """MLflow's error for a logged model that is not there."""
    return NotFoundError(f"Logged model with ID '{model_id[:255]}' not found.")


def _type(body: Fields) -> str:
    given = body.text("model_type")
    return checked_name(given, what="model type", limit=MAX_KEY) if given else ""


def _updated(write: Write, payload: LoggedModelUpdated) -> Planned:
    draft = write.draft(LOGGED_MODEL_UPDATED, payload, actor="")
    return Planned((draft,), payload["model_id"])
