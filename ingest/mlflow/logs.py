"""Writes of what a run logs: metrics, params and tags, single and in batches.

A batch is one entry: all of it is recorded or nothing. A finished run may still be written to; such
late writes stand in the ledger after its end and are amendments, never overwrites.
"""

from collections.abc import Mapping

from domain.errors import ConflictError, ErrorCode, UsageError
from domain.metric import MetricPoint
from domain.run import (
    RUN_LOGGED,
    RUN_TAG_DELETED,
    RUN_UPDATED,
    RunLogged,
    RunTagDeleted,
    RunUpdated,
)
from graph.model import Node
from ingest.erasable import ERASABLE_TAG, check_unchanged, subject_of
from ingest.limits import (
    MAX_ENTITIES_PER_BATCH,
    MAX_METRICS_PER_BATCH,
    MAX_PARAMS_PER_BATCH,
    MAX_TAGS_PER_BATCH,
)
from ingest.mlflow.fields import Fields
from ingest.mlflow.keys import param_of, tag_of
from ingest.mlflow.points import point_of, points_of
from ingest.mlflow.runs import actor_of
from ingest.mlflow.state import active_run
from ingest.mlflow.tags import no_such_tag, tag_meaning, tags_of
from ingest.mlflow.write import Planned, Write


def log_metric(write: Write, body: Fields) -> Planned:
    """``runs/log-metric``."""
    run_id = body.run_id()
    return _logged(write, run_id, [point_of(body)], {}, {})


def log_param(write: Write, body: Fields) -> Planned:
    """``runs/log-parameter``: the same value again is fine, another is PARAM_IMMUTABLE."""
    run_id = body.run_id()
    return _logged(write, run_id, [], dict([param_of(body)]), {})


def set_tag(write: Write, body: Fields) -> Planned:
    """``runs/set-tag``."""
    run_id = body.run_id()
    return _logged(write, run_id, [], {}, dict([tag_of(body)]))


def log_batch(write: Write, body: Fields) -> Planned:
    """``runs/log-batch``: up to 1,000 metrics, 100 params, 100 tags, 1,000 of all."""
    run_id = body.run_id()
    params, tags, metrics = body.objects("params"), body.objects("tags"), len(body.items("metrics"))
    _check_count("metrics", metrics, MAX_METRICS_PER_BATCH)
    _check_count("params", len(params), MAX_PARAMS_PER_BATCH)
    _check_count("tags", len(tags), MAX_TAGS_PER_BATCH)
    total = metrics + len(params) + len(tags)
    _check_count("metrics, params, and tags", total, MAX_ENTITIES_PER_BATCH)
    pairs = [param_of(param) for param in params]
    _check_unique(pairs)
    points = points_of(body, "metrics")
    return _logged(write, run_id, points, dict(pairs), dict(tag_of(tag) for tag in tags))


def delete_tag(write: Write, body: Fields) -> Planned:
    """``runs/delete-tag``: NOT_FOUND when there is no such tag."""
    run_id = body.run_id()
    key = body.required("key")
    run = active_run(write, run_id, [f"tags.{key}"])
    if f"tags.{key}" not in run.attributes:
        raise no_such_tag(key, f"run with id {run_id}")
    subject = subject_of(run)
    check_unchanged({key: ""} if key == ERASABLE_TAG else {}, subject)
    payload = RunTagDeleted(run_id=run_id, key=key)
    draft = write.draft(RUN_TAG_DELETED, payload, actor=actor_of(run), subject=subject)
    return Planned((draft,), run_id)


def _logged(
    write: Write,
    run_id: str,
    points: list[MetricPoint],
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> Planned:
    run = active_run(write, run_id, [f"params.{key}" for key in params])
    if not (points or params or tags):
        return Planned((), run_id)
    _check_unchanged(run, run_id, params)
    subject = subject_of(run)
    check_unchanged(tags, subject)
    meaning = tag_meaning(write, run_id, tags, known=tags_of(run) if tags else {})
    payload = RunLogged(
        run_id=run_id, metrics=points, params=dict(params), tags=dict(tags), uses=meaning.uses
    )
    if meaning.parent_run_id:
        payload["parent_run_id"] = meaning.parent_run_id
    actor = actor_of(run)
    drafts = [write.draft(RUN_LOGGED, payload, actor=actor, subject=subject)]
    if meaning.name:
        renamed = RunUpdated(run_id=run_id, name=meaning.name)
        drafts.append(write.draft(RUN_UPDATED, renamed, actor=actor, part=1, subject=subject))
    return Planned(tuple(drafts), run_id)


def _check_unchanged(run: Node, run_id: str, params: Mapping[str, str]) -> None:
    for key, value in params.items():
        old = run.attributes.get(f"params.{key}", value)
        if old != value:
            raise ConflictError(
                f"Changing param values is not allowed. Param with key='{key}' was already logged "
                f"with value='{str(old)[:200]}' for run ID='{run_id}'. Attempted logging new value "
                f"'{value[:200]}'.",
                code=ErrorCode.PARAM_IMMUTABLE,
                hint="Log the new value in a new run.",
            )


def _check_count(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise UsageError(
            f"A batch logging request can contain at most {limit} {what}. Got {count} {what}.",
            code=ErrorCode.INVALID_ARGUMENT,
            hint=f"Please split up {what} across multiple requests and try again.",
        )


def _check_unique(params: list[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for key, _ in params:
        if key in seen:
            raise UsageError(
                f"Duplicate parameter keys have been submitted: ['{key}'].",
                code=ErrorCode.INVALID_ARGUMENT,
                hint="Please ensure the request contains only one param value per param key.",
            )
        seen.add(key)
