"""What one event comes to: the entries that record it, as one unit.

The event itself is one entry whose idempotency key is its own digest: a repeated event is known by
it. Beside it stand the run (from its first event, be it START or not), and what of its status and
times the event changes. Events may come in any order: a terminal state is never undone by an
earlier event, and of two terminal states the later one holds. Of a run that can be erased, all but
its status, its times and the versions that it read and wrote is sealed (``.erasable``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from domain.artifact import ArtifactRef, artifact_id
from domain.canonical import JsonObject, sha256_text
from domain.lineage_event import LINEAGE_EVENT_RECORDED, Derivation, LineageEventRecorded
from domain.run import (
    RUN_LOGGED,
    RUN_STARTED,
    RUN_UPDATED,
    RunLogged,
    RunStarted,
    RunStatus,
    RunUpdated,
)
from graph.model import AttributeValue, Node, NodeKind, node_id
from graph.overlay import GraphState
from ingest.erasable import bare_start
from ingest.facets import PARENT_TAG
from ingest.limits import MAX_EXPERIMENT_NAME, MAX_RUN_NAME
from ingest.openlineage import meaning, versions
from ingest.openlineage.erasable import clear_lineage, is_only_heard_of, subject_of_event
from ingest.openlineage.event import Dataset, JobRef, LineageEvent, json_text
from ingest.openlineage.late_writers import late_reads
from ingest.openlineage.versions import Known
from ingest.run_state import ANONYMOUS, check_acyclic, experiment_for, known_run
from ledger.entry import Draft, canonical_fast

SOURCE: Final = "openlineage"
NAME_TAG: Final = "mlflow.runName"

_TERMINAL: Final = {
    "COMPLETE": RunStatus.FINISHED,
    "FAIL": RunStatus.FAILED,
    "ABORT": RunStatus.KILLED,
}
_RANK: Final = [status.value for status in _TERMINAL.values()]
"""Which of two terminal states of the same millisecond holds: the worse."""


@dataclass(frozen=True, slots=True)
class _Entries:
    """Makes the drafts of one event."""

    project: str
    event: LineageEvent
    subject: str
    """Whom the run is about; empty when it cannot be erased."""
    begins: bool = False
    """Whether this is the first event of a run that can be erased."""

    def said(self, kind: str, payload: Mapping[str, object], part: str = "") -> Draft:
        """What the event says, sealed when the run can be erased."""
        return _draft(self.project, kind, payload, event_key(self.event) + part, self.subject)

    def clear(self, kind: str, payload: Mapping[str, object], part: str = "") -> Draft:
        """What stands in the clear in any case. The digest of a sealed event tells of it, too."""
        if not self.subject:
            return self.said(kind, payload, part)
        return _draft(self.project, kind, payload, _clear_key(kind, payload))


def event_key(event: LineageEvent) -> str:
    """The idempotency key of the entry that holds the event, where that is not sealed."""
    return f"openlineage/{event.digest}"


def plan_event(graph: GraphState, project: str, event: LineageEvent) -> list[Draft]:
    """The drafts that record ``event``, given everything recorded before it.

    Raises ``NotFoundError`` for a run of another project and ``UsageError`` (LINEAGE_CYCLE,
    RUN_DELETED, ERASED, INVALID_ARGUMENT, INVALID_NAME).
    """
    run = known_run(graph, project, event.run_id) if event.run_id else None
    began = event.time if run is None else min(versions.began(run), event.time)
    known = Known(graph, project, event.run_id, began)
    payload = _payload(known, event)
    if not event.run_id or event.job is None:
        return [_Entries(project, event, "").said(LINEAGE_EVENT_RECORDED, payload)]
    subject = subject_of_event(run, meaning.run_tags(event))
    begins = bool(subject) and (run is None or is_only_heard_of(run))
    entries = _Entries(project, event, subject, begins)
    drafts: list[Draft] = []
    for parent_id, job in meaning.parents(event):
        if known_run(graph, project, parent_id) is None and parent_id != event.run_id:
            drafts += _start(known, parent_id, job, event.time, {}, drafts)
    _check_cycles(known, payload)
    if begins:
        drafts += _erasable_start(known, event, event.job, drafts)
    elif run is None:
        drafts += _start(known, event.run_id, event.job, event.time, _tags(event), drafts)
    if subject:
        drafts += [entries.clear(kind, clear) for kind, clear in clear_lineage(payload)]
    drafts.append(entries.said(LINEAGE_EVENT_RECORDED, payload))
    drafts += _late_reads(known, event, run, payload)
    drafts += _logged(event, run, entries)
    drafts += _updated(event, run, entries)
    return drafts


def _payload(known: Known, event: LineageEvent) -> LineageEventRecorded:
    parents, parent = meaning.parents(event), meaning.parent_job(event)
    read = versions.read(known, event.inputs)
    inputs = list(zip(event.inputs, read, strict=True))
    outputs = [(one, versions.written(one, event.run_id)) for one in event.outputs]
    uses = [meaning.input_use(dataset, ref) for dataset, ref in inputs]
    generates = [meaning.output_use(dataset, ref) for dataset, ref in outputs]
    described = [use["artifact"] for use in (*uses, *generates)] if not event.run_id else []
    return LineageEventRecorded(
        event=event.text,
        event_type=event.type,
        event_time=event.time,
        run_id=event.run_id,
        run_facets={name: json_text(facet) for name, facet in event.run_facets.items()},
        job=event.job.full_name if event.job else "",
        job_facets={name: json_text(facet) for name, facet in event.job_facets.items()},
        parent_job=parent.full_name if parent else "",
        parent_run_ids=list(dict.fromkeys(run for run, _ in parents)),
        uses=[*uses, *meaning.code_and_engine(event)] if event.run_id else [],
        generates=generates if event.run_id else [],
        artifacts=[*described, *versions.read(known, event.datasets)],
        derivations=_derivations(known, event, inputs, outputs),
    )


def _derivations(
    known: Known,
    event: LineageEvent,
    inputs: list[tuple[Dataset, ArtifactRef]],
    outputs: list[tuple[Dataset, ArtifactRef]],
) -> list[Derivation]:
    """Within the event, and from what the run read before to what it writes now."""
    found = meaning.derivations(known.project, outputs, inputs)
    earlier = versions.used_before(known) if event.run_id and outputs else []
    for dataset, ref in outputs:
        if "columnLineage" not in dataset.facets:
            target = artifact_id(known.project, ref)
            found += [Derivation(artifact=target, source=source) for source in earlier]
    return [pair for n, pair in enumerate(found) if pair not in found[:n]]


def _check_cycles(known: Known, payload: LineageEventRecorded) -> None:
    effects = _nodes(known, [use["artifact"] for use in payload["generates"]])
    check_acyclic(known.graph, known.run_id, _causes(known, payload), effects)


def _causes(known: Known, payload: LineageEventRecorded) -> list[str]:
    """The nodes that the event says its run depends on."""
    used = _nodes(known, [use["artifact"] for use in payload["uses"]])
    return used + [node_id(NodeKind.RUN, run) for run in payload["parent_run_ids"]]


def _nodes(known: Known, refs: list[ArtifactRef]) -> list[str]:
    return [node_id(NodeKind.ARTIFACT, artifact_id(known.project, ref)) for ref in refs]


def _late_reads(
    known: Known, event: LineageEvent, run: Node | None, payload: LineageEventRecorded
) -> list[Draft]:
    """What runs had read, of which the event says that its run wrote it; always in the clear."""
    status = _TERMINAL.get(event.type) or _attributes(run).get("status")
    if status in versions.FAILED:
        return []
    refs = [use["artifact"] for use in payload["generates"]]
    reads = late_reads(known, _causes(known, payload), zip(event.outputs, refs, strict=True))
    return [_draft(known.project, kind, said, _clear_key(kind, said)) for kind, said in reads]


def _clear_key(kind: str, payload: Mapping[str, object]) -> str:
    """An idempotency key that tells nothing of the event."""
    digest = sha256_text(canonical_fast([kind, cast("JsonObject", payload)]))
    return f"openlineage/{digest}"


def _start(
    known: Known,
    run_id: str,
    job: JobRef,
    time: int,
    tags: Mapping[str, str],
    before: list[Draft],
) -> list[Draft]:
    """A run that is heard of for the first time, in the experiment of its job's namespace."""
    experiment_id, made = _experiment(known, job)
    payload = RunStarted(
        run_id=run_id,
        experiment_id=experiment_id,
        name=job.name[:MAX_RUN_NAME],
        user="",
        start_time=time,
        tags={NAME_TAG: job.name[:MAX_RUN_NAME], **tags},
        uses=[],
        parent_run_id="",
        job=job.full_name,
    )
    started = _draft(known.project, RUN_STARTED, payload, f"openlineage/run/{run_id}")
    return _not_planned([*made, started], before)


def _erasable_start(
    known: Known, event: LineageEvent, job: JobRef, before: list[Draft]
) -> list[Draft]:
    """A run that can be erased from its first own event on, were it heard of before or not."""
    experiment_id, made = _experiment(known, job)
    payload = bare_start(event.run_id, experiment_id, event.time)
    key = f"openlineage/run/{event.run_id}/erasable"
    return _not_planned([*made, _draft(known.project, RUN_STARTED, payload, key)], before)


def _experiment(known: Known, job: JobRef) -> tuple[str, list[Draft]]:
    name = job.namespace[:MAX_EXPERIMENT_NAME]
    return experiment_for(known.graph, known.project, name, source=SOURCE)


def _not_planned(drafts: list[Draft], before: list[Draft]) -> list[Draft]:
    planned = {draft.idem for draft in before}
    return [draft for draft in drafts if draft.idem not in planned]


def _tags(event: LineageEvent) -> dict[str, str]:
    tags = meaning.run_tags(event)
    if meaning.parent_job(event):
        tags[PARENT_TAG] = meaning.parents(event)[0][0]
    return tags


def _logged(event: LineageEvent, run: Node | None, entries: _Entries) -> list[Draft]:
    """Tags and parameters that the run does not have yet, and the event's statistics."""
    attributes = _attributes(run)
    new_tags = {k: v for k, v in _tags(event).items() if attributes.get(f"tags.{k}") != v}
    tags = new_tags if run or entries.begins else {}
    if entries.begins:
        tags[NAME_TAG] = _name(event)
    params = {
        key: value
        for key, value in meaning.run_params(event).items()
        if f"params.{key}" not in attributes
    }
    points = meaning.statistics(event)
    if not (tags or params or points):
        return []
    payload = RunLogged(run_id=event.run_id, metrics=points, params=params, tags=tags, uses=[])
    return [entries.said(RUN_LOGGED, payload, "/logged")]


def _updated(event: LineageEvent, run: Node | None, entries: _Entries) -> list[Draft]:
    payload = RunUpdated(run_id=event.run_id)
    status = _TERMINAL.get(event.type)
    stands = _attributes(run)
    if status and _is_later(stands.get("status"), stands.get("end_time"), status, event.time):
        payload["status"] = status.value
        payload["end_time"] = event.time
    started = stands.get("start_time", event.time)
    if isinstance(started, int) and event.time < started:
        payload["start_time"] = event.time
    drafts: list[Draft] = []
    if len(payload) > 1:
        drafts.append(entries.clear(RUN_UPDATED, payload, "/updated"))
    if entries.begins:
        named = RunUpdated(run_id=event.run_id, name=_name(event))
        drafts.append(entries.said(RUN_UPDATED, named, "/named"))
    return drafts


def _name(event: LineageEvent) -> str:
    return event.job.name[:MAX_RUN_NAME] if event.job else ""


def _attributes(run: Node | None) -> Mapping[str, AttributeValue]:
    return run.attributes if run else {}


def _is_later(status: object, end_time: object, new: RunStatus, time: int) -> bool:
    if status not in _RANK or not isinstance(end_time, int):
        return True
    return (end_time, _RANK.index(str(status))) < (time, _RANK.index(new.value))


def _draft(
    project: str, kind: str, payload: Mapping[str, object], idem: str, subject: str = ""
) -> Draft:
    return Draft(
        type=kind,
        project=project,
        actor=ANONYMOUS,
        source=SOURCE,
        idem=idem,
        payload=cast("JsonObject", payload),
        subject=subject,
    )
