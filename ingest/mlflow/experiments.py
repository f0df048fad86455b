"""Writes about experiments. Every function judges one request and says what to record."""

from typing import cast

from domain.canonical import JsonObject
from domain.errors import ConflictError, ErrorCode
from domain.experiment import (
    EXPERIMENT_CREATED,
    EXPERIMENT_DELETED,
    EXPERIMENT_RENAMED,
    EXPERIMENT_RESTORED,
    EXPERIMENT_TAG_DELETED,
    EXPERIMENT_TAGGED,
    ExperimentCreated,
    ExperimentRef,
    ExperimentRenamed,
    ExperimentTagDeleted,
    ExperimentTagged,
)
from domain.names import checked_name
from domain.run import RUN_DELETED, RUN_RESTORED, RunRef
from graph.model import Node, NodeKind, entity_id
from graph.port import Condition, NodeQuery, Operator
from graph.projector import ACTIVE, DELETED
from ingest.limits import MAX_EXPERIMENT_NAME, MAX_EXPERIMENT_TAG_VALUE, MAX_TAGS_PER_BATCH
from ingest.mlflow.fields import Fields, missing, too_long
from ingest.mlflow.keys import tag_of
from ingest.mlflow.locations import checked_location
from ingest.mlflow.state import (
    DEFAULT_EXPERIMENT_ID,
    active_experiment,
    check_name_is_free,
    checked_experiment_id,
    known_experiment,
    no_experiment,
)
from ingest.mlflow.tags import no_such_tag
from ingest.mlflow.write import SOURCE, Planned, Write
from ledger.entry import Draft

DEFAULT_EXPERIMENT_NAME = "Default"
_DEFAULT_IDEM = "mlflow/default-experiment"


def default_experiment(project: str) -> Draft:
    """The experiment that every project has; recorded once, however often it is asked for."""
    payload = ExperimentCreated(
        experiment_id=DEFAULT_EXPERIMENT_ID,
        name=DEFAULT_EXPERIMENT_NAME,
        artifact_location=default_location(DEFAULT_EXPERIMENT_ID),
        tags={},
    )
    return Draft(
        type=EXPERIMENT_CREATED,
        project=project,
        actor="lineproof",
        source=SOURCE,
        idem=_DEFAULT_IDEM,
        payload=cast("JsonObject", payload),
    )


def default_location(experiment_id: str) -> str:
    """Where MLflow's clients take an experiment's artifacts to be: behind the server's own API."""
    return f"mlflow-artifacts:/{experiment_id}"


def create_experiment(write: Write, body: Fields) -> Planned:
    """``experiments/create``: ALREADY_EXISTS when the name is taken."""
    name = _name(body, "name")
    location = body.text("artifact_location")
    tags = dict(tag_of(tag, limit=MAX_EXPERIMENT_TAG_VALUE) for tag in body.objects("tags"))
    if len(tags) > MAX_TAGS_PER_BATCH:
        raise body.wrong("tags", f"at most {MAX_TAGS_PER_BATCH} tags can be set at once")
    experiment_id = write.fresh_experiment_id()
    check_name_is_free(write, name, experiment_id=experiment_id)
    payload = ExperimentCreated(
        experiment_id=experiment_id,
        name=name,
        artifact_location=checked_location(location, what="artifact_location")
        or default_location(experiment_id),
        tags=tags,
    )
    return Planned((write.draft(EXPERIMENT_CREATED, payload, actor=""),), experiment_id)


def rename_experiment(write: Write, body: Fields) -> Planned:
    """``experiments/update``: only an active experiment can be renamed."""
    experiment_id = experiment_id_of(body)
    if not body.text("new_name"):
        raise missing("new_name")
    name = _name(body, "new_name")
    if known_experiment(write, experiment_id).attributes.get("lifecycle") != ACTIVE:
        raise ConflictError(
            "Cannot rename a non-active experiment.",
            code=ErrorCode.EXPERIMENT_DELETED,
            hint="Restore the experiment first.",
        )
    check_name_is_free(write, name, experiment_id=experiment_id)
    payload = ExperimentRenamed(experiment_id=experiment_id, name=name)
    return Planned((write.draft(EXPERIMENT_RENAMED, payload, actor=""),), experiment_id)


def set_experiment_tag(write: Write, body: Fields) -> Planned:
    """``experiments/set-experiment-tag``."""
    experiment_id = experiment_id_of(body)
    key, value = tag_of(body, limit=MAX_EXPERIMENT_TAG_VALUE)
    active_experiment(write, experiment_id)
    payload = ExperimentTagged(experiment_id=experiment_id, key=key, value=value)
    return Planned((write.draft(EXPERIMENT_TAGGED, payload, actor=""),), experiment_id)


def delete_experiment_tag(write: Write, body: Fields) -> Planned:
    """``experiments/delete-experiment-tag``: NOT_FOUND when there is no such tag."""
    experiment_id = experiment_id_of(body)
    key = body.required("key")
    node = active_experiment(write, experiment_id)
    if f"tags.{key}" not in node.attributes:
        raise no_such_tag(key, f"experiment with id {experiment_id}")
    payload = ExperimentTagDeleted(experiment_id=experiment_id, key=key)
    return Planned((write.draft(EXPERIMENT_TAG_DELETED, payload, actor=""),), experiment_id)


def delete_experiment(write: Write, body: Fields) -> Planned:
    """``experiments/delete``: its active runs are deleted with it, as one unit."""
    experiment_id = experiment_id_of(body)
    if known_experiment(write, experiment_id).attributes.get("lifecycle") != ACTIVE:
        raise no_experiment(experiment_id)
    return _with_runs(write, experiment_id, (EXPERIMENT_DELETED, RUN_DELETED), ACTIVE)


def restore_experiment(write: Write, body: Fields) -> Planned:
    """``experiments/restore``: all its runs are restored with it, as in MLflow."""
    experiment_id = experiment_id_of(body)
    if known_experiment(write, experiment_id).attributes.get("lifecycle") != DELETED:
        raise no_experiment(experiment_id)
    return _with_runs(write, experiment_id, (EXPERIMENT_RESTORED, RUN_RESTORED), DELETED)


def experiment_id_of(body: Fields) -> str:
    """The experiment that the request is about."""
    return checked_experiment_id(body.required("experiment_id"))


def _with_runs(write: Write, experiment_id: str, kinds: tuple[str, str], lifecycle: str) -> Planned:
    """One entry for the experiment and one for each of its runs that has ``lifecycle``."""
    of_experiment, of_run = kinds
    reference = ExperimentRef(experiment_id=experiment_id)
    drafts = [write.draft(of_experiment, reference, actor="")]
    for part, run in enumerate(_runs(write, experiment_id, lifecycle), start=1):
        payload = RunRef(run_id=entity_id(run.id))
        drafts.append(write.draft(of_run, payload, actor="", part=part))
    return Planned(tuple(drafts), experiment_id)


def _runs(write: Write, experiment_id: str, lifecycle: str) -> tuple[Node, ...]:
    conditions = (
        Condition("experiment_id", Operator.EQ, experiment_id),
        Condition("lifecycle", Operator.EQ, lifecycle),
    )
    return tuple(write.graph.find(NodeQuery(write.project, NodeKind.RUN, conditions)))


def _name(body: Fields, field: str) -> str:
    name = body.required(field)
    if len(name) > MAX_EXPERIMENT_NAME:
        raise too_long("name", MAX_EXPERIMENT_NAME)
    return checked_name(name, what="experiment name", limit=MAX_EXPERIMENT_NAME)
