"""What one record comes to: the entries that say what is not recorded yet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, cast

import orjson

from domain.artifact import ArtifactUse, artifact_id
from domain.canonical import JsonObject, JsonValue, sha256_text
from domain.errors import ConflictError, ErrorCode, NotFoundError, UsageError
from domain.experiment import EXPERIMENT_DELETED, EXPERIMENT_TAGGED, ExperimentRef, ExperimentTagged
from domain.lineage_event import LINEAGE_DERIVED, Derivation, LineageDerived
from domain.metric import MetricPoint
from domain.run import (
    RUN_DELETED,
    RUN_INPUTS_LOGGED,
    RUN_LOGGED,
    RUN_OUTPUTS_LOGGED,
    RUN_STARTED,
    RUN_UPDATED,
    RunInputsLogged,
    RunLogged,
    RunOutputsLogged,
    RunRef,
    RunStarted,
    RunUpdated,
)
from graph.model import LINEAGE, EdgeType, Node, NodeKind, node_id
from graph.port import Direction, GraphReader
from graph.projector import ACTIVE
from ingest.erasable import bare_start, subject_for, subject_of
from ingest.facets import tag_uses
from ingest.record import DerivedRecord, ParentRecord, RunRecord, SeriesRecord
from ingest.run_state import ANONYMOUS, any_run, check_acyclic, experiment_for
from ledger.entry import Draft

SOURCE: Final = "import"


class PointCounter(Protocol):
    """Where the number of recorded points comes from."""

    def counts(self, run_id: str, keys: Collection[str]) -> Mapping[str, int]:
        """Points that are recorded of each metric of a run; metrics without any may be absent."""
        ...


def plan_run(graph: GraphReader, project: str, record: RunRecord) -> list[Draft]:
    """The drafts that make the run what the record says. Nothing that is recorded is overwritten
    but tags, status, times and name; a parameter with another value is PARAM_IMMUTABLE.

    Raises ``NotFoundError`` for a run of another project, ``UsageError`` when the record would make
    a run erasable afterwards, or ERASED.
    """
    run = any_run(graph, project, record["run_id"])
    if run is not None and run.attributes.get("lifecycle") != ACTIVE:
        return []
    about = _About(project, record["user"], subject_for(run, record["tags"]))
    if run is None:
        started, drafts = _started(graph, about, record)
        attributes = _as_started(started)
    else:
        attributes, drafts = dict(run.attributes), []
    drafts += _logged(about, record, attributes)
    drafts += _artifacts(graph, about, record, run)
    drafts += _updated(about, record, attributes)
    if record["deleted"]:
        drafts.append(about.clear(RUN_DELETED, RunRef(run_id=record["run_id"])))
    return _after_changes(graph, run, drafts) if run and drafts else drafts


def plan_series(
    counter: PointCounter,
    graph: GraphReader,
    project: str,
    record: SeriesRecord,
    *,
    begun: str | None,
) -> list[Draft]:
    """The points that are not recorded yet: a metric goes on after as many as are recorded.

    ``begun`` is not None when the run was made just before, in entries that are not applied yet:
    whom it is about, empty when it cannot be erased.
    """
    subject = _subject_of(graph, project, record["run_id"]) if begun is None else begun
    keys = {one["key"] for one in record["series"]}
    counts: Mapping[str, int] = {}
    if begun is None:
        counts = counter.counts(record["run_id"], keys)
    points = [
        _metric_point(one["key"], row)
        for one in record["series"]
        for row in one["points"][max(0, counts.get(one["key"], 0) - one["start"]) :]
    ]
    if not points:
        return []
    payload = RunLogged(run_id=record["run_id"], metrics=points, params={}, tags={}, uses=[])
    starts = {one["key"]: one["start"] for one in reversed(record["series"])}
    return [_About(project, subject=subject).said(RUN_LOGGED, payload, part=starts)]


def _metric_point(key: str, row: list[JsonValue]) -> MetricPoint:
    value, step, timestamp, *measured = row
    point: dict[str, JsonValue] = {"key": key, "value": value, "step": step, "timestamp": timestamp}
    for links in measured:
        point.update(cast("JsonObject", links))
    return cast("MetricPoint", point)


def plan_parent(graph: GraphReader, project: str, record: ParentRecord) -> list[Draft]:
    """The edge to the parent, which must be recorded. Raises ``UsageError`` (LINEAGE_CYCLE)."""
    subject = _subject_of(graph, project, record["run_id"])
    if any_run(graph, project, record["parent_run_id"]) is None:
        raise _unknown(record["parent_run_id"])
    run = node_id(NodeKind.RUN, record["run_id"])
    parent = node_id(NodeKind.RUN, record["parent_run_id"])
    edges = graph.outgoing([run], types=(EdgeType.WAS_INFORMED_BY,))[run]
    if any(edge.target == parent for edge in edges):
        return []
    check_acyclic(graph, record["run_id"], [parent], [])
    payload = RunLogged(
        run_id=record["run_id"],
        metrics=[],
        params={},
        tags={},
        uses=[],
        parent_run_id=record["parent_run_id"],
    )
    return [_About(project, subject=subject).said(RUN_LOGGED, payload)]


def plan_derived(graph: GraphReader, project: str, record: DerivedRecord) -> list[Draft]:
    """Versions and derivations that are not there yet."""
    ids = [artifact_id(project, ref) for ref in record["artifacts"]]
    nodes = sorted({node_id(NodeKind.ARTIFACT, one) for one in ids})
    known = graph.nodes(nodes)
    edges = graph.outgoing(nodes, types=(EdgeType.WAS_DERIVED_FROM,))
    said = {(edge.source, edge.target) for group in edges.values() for edge in group}
    refs = dict(zip(ids, record["artifacts"], strict=True))
    pairs = dict.fromkeys((ids[young], ids[old]) for young, old in record["pairs"])
    payload = LineageDerived(
        artifacts=[r for one, r in refs.items() if node_id(NodeKind.ARTIFACT, one) not in known],
        derivations=[
            Derivation(artifact=young, source=old)
            for young, old in pairs
            if (node_id(NodeKind.ARTIFACT, young), node_id(NodeKind.ARTIFACT, old)) not in said
        ],
    )
    for pair in payload["derivations"]:
        _check_derivation(graph, pair)
    has_news = payload["artifacts"] or payload["derivations"]
    return [_About(project).clear(LINEAGE_DERIVED, payload)] if has_news else []


def _check_derivation(graph: GraphReader, pair: Derivation) -> None:
    """That what is recorded does not make the source come of the artifact."""
    young, old = (node_id(NodeKind.ARTIFACT, pair[end]) for end in ("artifact", "source"))
    later = graph.closure([young], direction=Direction.DOWNSTREAM, types=LINEAGE).distance
    if old in later or young == old:
        raise UsageError(
            "An artifact version would be derived from what was derived from it.",
            code=ErrorCode.LINEAGE_CYCLE,
            hint="Leave the derivation out.",
        )


def _after_changes(graph: GraphReader, run: Node, drafts: list[Draft]) -> list[Draft]:
    """What is said of a run again, after something else was said, is another thing."""
    changes = len(graph.history(run.id))
    return [replace(draft, idem=f"{draft.idem}/{changes}") for draft in drafts]


def _subject_of(graph: GraphReader, project: str, run_id: str) -> str:
    """Whom a recorded run is about; ``NotFoundError`` when it is not recorded."""
    run = any_run(graph, project, run_id)
    if run is None:
        raise _unknown(run_id)
    return subject_of(run)


def _started(
    graph: GraphReader, about: "_About", record: RunRecord
) -> tuple[RunStarted, list[Draft]]:
    where, project = record["experiment"], _About(about.project)
    experiment_id, drafts = experiment_for(
        graph, about.project, where["name"], source=SOURCE, wanted_id=where["id"]
    )
    if drafts:
        drafts += [
            project.clear(
                EXPERIMENT_TAGGED,
                ExperimentTagged(experiment_id=experiment_id, key=key, value=value),
            )
            for key, value in sorted(where["tags"].items())
        ]
        if where["deleted"]:
            gone = ExperimentRef(experiment_id=experiment_id)
            drafts.append(project.clear(EXPERIMENT_DELETED, gone))
    if about.subject:
        payload = bare_start(record["run_id"], experiment_id, record["start_time"])
        return payload, [*drafts, about.clear(RUN_STARTED, payload)]
    payload = RunStarted(
        run_id=record["run_id"],
        experiment_id=experiment_id,
        name=record["name"],
        user=record["user"],
        start_time=record["start_time"],
        tags=record["tags"],
        uses=tag_uses(record["tags"], tuple(record["tags"])),
        parent_run_id="",
        job=record["job"],
    )
    return payload, [*drafts, about.clear(RUN_STARTED, payload)]


def _as_started(started: RunStarted) -> dict[str, str | int]:
    """The attributes that a run has right after its start."""
    tags: dict[str, str | int] = {f"tags.{key}": text for key, text in started["tags"].items()}
    return {
        **tags,
        "status": "RUNNING",
        "name": started["name"],
        "start_time": started["start_time"],
    }


def _logged(about: "_About", record: RunRecord, attributes: Mapping[str, str | int]) -> list[Draft]:
    params: dict[str, str] = {}
    for key, value in record["params"].items():
        old = attributes.get(f"params.{key}")
        if old is None:
            params[key] = value
        elif old != value:
            raise ConflictError(
                f"The run {record['run_id']} has {str(old)[:60]!r} for the parameter {key[:60]!r}.",
                code=ErrorCode.PARAM_IMMUTABLE,
                hint="A recorded parameter is never overwritten.",
            )
    tags = {k: v for k, v in record["tags"].items() if attributes.get(f"tags.{k}") != v}
    if not (params or tags):
        return []
    uses = tag_uses(record["tags"], tuple(tags))
    payload = RunLogged(run_id=record["run_id"], metrics=[], params=params, tags=tags, uses=uses)
    return [about.said(RUN_LOGGED, payload)]


def _artifacts(
    graph: GraphReader, about: "_About", record: RunRecord, run: Node | None
) -> list[Draft]:
    project = about.project
    node = node_id(NodeKind.RUN, record["run_id"])
    used: set[tuple[str, str]] = set()
    made: set[tuple[str, str]] = set()
    if run is not None:
        used = {(e.target, e.role) for e in graph.outgoing([node], types=(EdgeType.USED,))[node]}
        edges = graph.incoming([node], types=(EdgeType.WAS_GENERATED_BY,))[node]
        made = {(edge.source, edge.role) for edge in edges}
    uses = _missing(project, record["uses"], used)
    generates = _missing(project, record["generates"], made)
    drafts: list[Draft] = []
    if uses or generates:
        causes = [_node(project, use) for use in uses]
        check_acyclic(graph, record["run_id"], causes, [_node(project, use) for use in generates])
    if uses:
        inputs = RunInputsLogged(run_id=record["run_id"], uses=uses)
        drafts.append(about.clear(RUN_INPUTS_LOGGED, inputs))
    if generates:
        outputs = RunOutputsLogged(run_id=record["run_id"], generates=generates)
        drafts.append(about.clear(RUN_OUTPUTS_LOGGED, outputs))
    return drafts


def _missing(
    project: str, uses: Sequence[ArtifactUse], known: set[tuple[str, str]]
) -> list[ArtifactUse]:
    return [use for use in uses if (_node(project, use), use["role"]) not in known]


def _node(project: str, use: ArtifactUse) -> str:
    return node_id(NodeKind.ARTIFACT, artifact_id(project, use["artifact"]))


def _updated(
    about: "_About", record: RunRecord, attributes: Mapping[str, str | int]
) -> list[Draft]:
    payload = RunUpdated(run_id=record["run_id"])
    if record["status"] != attributes.get("status"):
        payload["status"] = record["status"]
    if record["start_time"] != attributes.get("start_time"):
        payload["start_time"] = record["start_time"]
    if "end_time" in record and record["end_time"] != attributes.get("end_time"):
        payload["end_time"] = record["end_time"]
    renamed = record["name"] != attributes.get("name")
    if renamed and not about.subject:
        payload["name"] = record["name"]
    drafts = [about.clear(RUN_UPDATED, payload)] if len(payload) > 1 else []
    if renamed and about.subject:
        named = RunUpdated(run_id=record["run_id"], name=record["name"])
        drafts.append(about.said(RUN_UPDATED, named))
    return drafts


@dataclass(frozen=True, slots=True)
class _About:
    """Makes drafts about one run, or about none."""

    project: str
    actor: str = ""
    subject: str = ""
    """Whom the run is about; empty when it cannot be erased."""

    def said(
        self, kind: str, payload: Mapping[str, object], part: Mapping[str, int] | None = None
    ) -> Draft:
        """What the run said, sealed when it can be erased.

        ``part`` tells payloads apart that are equal and yet two things.
        """
        return self._draft(kind, payload, part, self.subject)

    def clear(self, kind: str, payload: Mapping[str, object]) -> Draft:
        """What stands in the clear in any case."""
        return self._draft(kind, payload, None, "")

    def _draft(
        self,
        kind: str,
        payload: Mapping[str, object],
        part: Mapping[str, int] | None,
        subject: str,
    ) -> Draft:
        body = cast("JsonObject", payload)
        # The same for the same draft is all that a key must be; the entry itself is made canonical.
        digest = sha256_text(orjson.dumps([kind, body, part], option=orjson.OPT_SORT_KEYS))
        return Draft(
            type=kind,
            project=self.project,
            actor=ANONYMOUS if self.subject else self.actor or ANONYMOUS,
            source=SOURCE,
            idem=f"import/{digest}",
            payload=body,
            subject=subject,
        )


def _unknown(run_id: str) -> NotFoundError:
    return NotFoundError(
        f"Run with id={run_id[:64]} not found.", hint="Import the run before what belongs to it."
    )
