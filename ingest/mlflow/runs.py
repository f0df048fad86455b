"""Writes about runs themselves: start, update, delete, restore."""

from collections.abc import Mapping

from domain.errors import UsageError
from domain.names import checked_text
from domain.run import (
    RUN_DELETED,
    RUN_LOGGED,
    RUN_RESTORED,
    RUN_STARTED,
    RUN_UPDATED,
    RunLogged,
    RunRef,
    RunStarted,
    RunStatus,
    RunUpdated,
)
from graph.model import Node
from graph.projector import ACTIVE, ERASABLE
from ingest.erasable import bare_name, bare_start, subject_in, subject_of
from ingest.facets import SOURCE_TAG
from ingest.limits import MAX_TAGS_PER_BATCH, MAX_USER
from ingest.mlflow.fields import Fields, too_long
from ingest.mlflow.keys import tag_of
from ingest.mlflow.state import (
    DEFAULT_EXPERIMENT_ID,
    USER_TAG,
    active_experiment,
    active_run,
    checked_experiment_id,
    known_run,
)
from ingest.mlflow.tags import (
    NAME_TAG,
    TagMeaning,
    checked_run_name,
    conflicting_names,
    tag_meaning,
    tags_of,
)
from ingest.mlflow.write import Planned, Write
from ledger.entry import Draft

_STATUS_NUMBERS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
"""``RunStatus`` of MLflow's service.proto."""


def create_run(write: Write, body: Fields) -> Planned:
    """``runs/create``: in the Default experiment unless another is named."""
    experiment_id = checked_experiment_id(body.text("experiment_id") or DEFAULT_EXPERIMENT_ID)
    user = _user(body)
    start_time = _time(body, "start_time") or 0
    tags = dict(tag_of(tag) for tag in body.objects("tags"))
    if len(tags) > MAX_TAGS_PER_BATCH:
        raise body.wrong("tags", f"at most {MAX_TAGS_PER_BATCH} tags can be set at once")
    active_experiment(write, experiment_id)
    run_id = write.fresh_run_id()
    name = _start_name(body.text("run_name"), tags.get(NAME_TAG, ""), run_id)
    tags[NAME_TAG] = name
    meaning = tag_meaning(write, run_id, tags, known={})
    subject = subject_in(tags)
    if subject:
        started = bare_start(run_id, experiment_id, start_time)
        return Planned(_erasable(write, started, tags, meaning, subject), run_id)
    payload = RunStarted(
        run_id=run_id,
        experiment_id=experiment_id,
        name=name,
        user=user,
        start_time=start_time,
        tags=tags,
        uses=meaning.uses,
        parent_run_id=meaning.parent_run_id,
        job=tags.get(SOURCE_TAG, ""),
    )
    actor = tags.get(USER_TAG) or user
    return Planned((write.draft(RUN_STARTED, payload, actor=actor),), run_id)


def _erasable(
    write: Write,
    started: RunStarted,
    tags: Mapping[str, str],
    meaning: TagMeaning,
    subject: str,
) -> tuple[Draft, ...]:
    run_id = started["run_id"]
    logged = RunLogged(run_id=run_id, metrics=[], params={}, tags=dict(tags), uses=meaning.uses)
    if meaning.parent_run_id:
        logged["parent_run_id"] = meaning.parent_run_id
    named = RunUpdated(run_id=run_id, name=tags[NAME_TAG])
    return (
        write.draft(RUN_STARTED, started, actor=""),
        write.draft(RUN_LOGGED, logged, actor="", part=1, subject=subject),
        write.draft(RUN_UPDATED, named, actor="", part=2, subject=subject),
    )


def update_run(write: Write, body: Fields) -> Planned:
    """``runs/update``: any of status, end time and name; a new name is a new tag, too."""
    run_id = body.run_id()
    payload = RunUpdated(run_id=run_id)
    if body.has("status"):
        payload["status"] = _status(body)
    end_time = _time(body, "end_time")
    if end_time is not None:
        payload["end_time"] = end_time
    name = checked_run_name(body.text("run_name")) if body.text("run_name") else ""
    run = active_run(write, run_id)
    subject, actor = subject_of(run) if name else "", actor_of(run)
    drafts: list[Draft] = []
    if name and not subject:
        payload["name"] = name
    if len(payload) > 1:
        drafts.append(write.draft(RUN_UPDATED, payload, actor=actor))
    if name:
        renamed = RunLogged(run_id=run_id, metrics=[], params={}, tags={NAME_TAG: name}, uses=[])
        drafts.append(write.draft(RUN_LOGGED, renamed, actor=actor, part=1, subject=subject))
    if subject:
        named = RunUpdated(run_id=run_id, name=name)
        drafts.append(write.draft(RUN_UPDATED, named, actor=actor, part=2, subject=subject))
    return Planned(tuple(drafts), run_id)


def delete_run(write: Write, body: Fields) -> Planned:
    """``runs/delete``: the run is marked; nothing that it said goes away."""
    run = known_run(write, body.run_id())
    return _marked(write, body.run_id(), run, RUN_DELETED, needed=_is_active(run))


def restore_run(write: Write, body: Fields) -> Planned:
    """``runs/restore``."""
    run = known_run(write, body.run_id())
    return _marked(write, body.run_id(), run, RUN_RESTORED, needed=not _is_active(run))


def actor_of(run: Node) -> str:
    """On whose behalf a request about ``run`` is recorded; nobody's when it can be erased."""
    if ERASABLE in run.attributes:
        return ""
    return tags_of(run).get(USER_TAG) or str(run.attributes.get("user", ""))


def _marked(write: Write, run_id: str, run: Node, kind: str, *, needed: bool) -> Planned:
    draft = write.draft(kind, RunRef(run_id=run_id), actor=actor_of(run))
    return Planned((draft,) if needed else (), run_id)


def _is_active(run: Node) -> bool:
    return run.attributes.get("lifecycle") == ACTIVE


def _user(body: Fields) -> str:
    user = body.text("user_id")
    if len(user) > MAX_USER:
        raise too_long("user_id", MAX_USER)
    return checked_text(user, what="user_id", limit=MAX_USER)


def _time(body: Fields, name: str) -> int | None:
    """Milliseconds since the epoch; None when absent."""
    value = body.integer(name)
    if value is not None and value < 0:
        raise body.wrong(name, "A time is a nonnegative number of milliseconds.")
    return value


def _start_name(name: str, tag: str, run_id: str) -> str:
    if name and tag and name != tag:
        raise conflicting_names(name[:250], tag[:250])
    return checked_run_name(name or tag or bare_name(run_id))


def _status(body: Fields) -> str:
    value = body.raw("status")
    if isinstance(value, int) and not isinstance(value, bool):
        value = _STATUS_NUMBERS.get(value)
    if not isinstance(value, str) or value not in RunStatus.__members__:
        raise _unknown_status(body)
    return value


def _unknown_status(body: Fields) -> UsageError:
    return body.wrong("status", f"It must be one of {', '.join(RunStatus.__members__)}.")
