"""Records: what every importer makes of its files, and what ``POST /api/v1/import`` takes.

A record is plain JSON. It states what is so, not what to do: planning it against what is recorded
already (``ingest.plan_record``) appends what is missing, so a record that comes twice appends
nothing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NotRequired, TypedDict

from domain.artifact import ArtifactKind, ArtifactRef, ArtifactUse
from domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue
from domain.facet import Facet, Strength
from domain.metric import decimal_text, parse_decimal
from domain.names import checked_name, checked_text
from domain.run import RunStatus
from domain.strict_shape import Shape
from ingest.limits import MAX_DATASET_DIGEST, MAX_DATASET_NAME
from ingest.model_record import ModelRecord, read_logged_model, read_registered_model
from ingest.record_values import (
    MAX_NAME,
    ExperimentOf,
    experiment_in,
    id_in,
    member_in,
    name_in,
    texts_in,
)

MAX_RECORDS: Final = 5_000
"""Records of one call."""
MAX_POINTS: Final = 10_000
"""Points of one series record."""
_LINKS: Final = {
    "model_id": MAX_NAME,
    "dataset_name": MAX_DATASET_NAME,
    "dataset_digest": MAX_DATASET_DIGEST,
}
"""What a point can be measured on, and the longest name of each."""


class RunRecord(TypedDict):
    """A run, its parameters, tags and artifacts."""

    kind: Literal["run"]
    run_id: str
    experiment: ExperimentOf
    name: str
    user: str
    status: str
    start_time: int
    end_time: NotRequired[int]
    deleted: bool
    job: str
    params: dict[str, str]
    tags: dict[str, str]
    uses: list[ArtifactUse]
    generates: list[ArtifactUse]


class Points(TypedDict):
    """Consecutive points of one metric."""

    key: str
    start: int
    """How many points of the metric stand before these in the source."""
    points: list[list[JsonValue]]
    """[value as decimal text, step, milliseconds], then what it was measured on if that is known:
    an object of ``model_id``, ``dataset_name`` and ``dataset_digest``."""


class SeriesRecord(TypedDict):
    """Points of the metrics of one run."""

    kind: Literal["series"]
    run_id: str
    series: list[Points]


class ParentRecord(TypedDict):
    """A run was informed by another (MLflow's parent run, PROV's ``wasInformedBy``)."""

    kind: Literal["parent"]
    run_id: str
    parent_run_id: str


class DerivedRecord(TypedDict):
    """Artifact versions, and which was derived from which."""

    kind: Literal["derived"]
    artifacts: list[ArtifactRef]
    pairs: list[list[int]]
    """[younger, older], as positions in ``artifacts``."""


class EventRecord(TypedDict):
    """An OpenLineage event."""

    kind: Literal["event"]
    event: JsonObject


PlannedRecord = RunRecord | SeriesRecord | ParentRecord | DerivedRecord | ModelRecord
"""Records that ``ingest.plan_record`` plans; events have a plan of their own."""
Record = PlannedRecord | EventRecord


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read, and why; the rest goes on."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was not even tried, and why: artifacts that are kept elsewhere."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a run or a logged model has, where it is here."""

    owner: str
    """The id of the run or the logged model."""
    is_model: bool
    path: str
    """Below the artifacts of its owner."""
    file: Path


Item = Record | Broken | LeftOut | FoundFile


def read_record(value: JsonValue) -> Record:
    """The record in ``value``; ``UsageError`` (INVALID_ARGUMENT, INVALID_NAME) when it is none."""
    shape = Shape(value, "record")
    kind = shape.text("kind")
    if kind == "run":
        return _run(shape)
    if kind == "series":
        return _series(shape)
    if kind == "parent":
        return ParentRecord(
            kind="parent",
            run_id=id_in(shape, "run_id"),
            parent_run_id=id_in(shape, "parent_run_id"),
        )
    if kind == "derived":
        refs = [_artifact(ref) for ref in shape.objects("artifacts")]
        pairs = [_pair(shape, pair, len(refs)) for pair in shape.items("pairs")]
        return DerivedRecord(kind="derived", artifacts=refs, pairs=pairs)
    if kind == "event":
        return EventRecord(kind="event", event=shape.object("event").value)
    if kind == "logged_model":
        return read_logged_model(shape)
    if kind == "registered_model":
        return read_registered_model(shape)
    raise shape.wrong("kind", "is no kind of record")


def _run(shape: Shape) -> RunRecord:
    record = RunRecord(
        kind="run",
        run_id=id_in(shape, "run_id"),
        experiment=experiment_in(shape),
        name=name_in(shape, "name"),
        user=checked_text(shape.text("user"), what="user", limit=MAX_NAME),
        status=member_in(shape, "status", RunStatus.__members__),
        start_time=shape.integer("start_time"),
        deleted=shape.flag("deleted"),
        job=checked_text(shape.text("job"), what="job", limit=MAX_NAME),
        params=texts_in(shape, "params"),
        tags=texts_in(shape, "tags"),
        uses=[_use(use) for use in shape.objects("uses")],
        generates=[_use(use) for use in shape.objects("generates")],
    )
    if shape.has("end_time"):
        record["end_time"] = shape.integer("end_time")
    return record


def _series(shape: Shape) -> SeriesRecord:
    series = [_points(one) for one in shape.objects("series")]
    if sum(len(one["points"]) for one in series) > MAX_POINTS:
        raise shape.wrong("series", f"has more than {MAX_POINTS} points")
    return SeriesRecord(kind="series", run_id=id_in(shape, "run_id"), series=series)


def _points(shape: Shape) -> Points:
    return Points(
        key=checked_name(shape.text("key"), what="metric key", limit=MAX_NAME),
        start=shape.integer("start"),
        points=[_point(shape, row) for row in shape.items("points")],
    )


def _point(shape: Shape, row: JsonValue) -> list[JsonValue]:
    """Looks at each member itself: of all that is imported, most are points."""
    if isinstance(row, list) and 3 <= len(row) <= 4:
        value, step, time, *measured = row
        if isinstance(value, str) and _is_whole(step) and _is_whole(time):
            links = [_links(shape, one) for one in measured]
            return [decimal_text(parse_decimal(value)), step, time, *links]
    raise shape.wrong("points", "are lists of value as text, step and milliseconds")


def _links(shape: Shape, value: JsonValue) -> JsonObject:
    """What a point was measured on."""
    if not isinstance(value, dict) or value.keys() - _LINKS:
        raise shape.wrong("points", f"are measured on {', '.join(_LINKS)} and nothing else")
    links = Shape(value, "what a point was measured on")
    return {
        name: checked_text(links.text(name), what=name, limit=limit)
        for name, limit in _LINKS.items()
        if links.has(name)
    }


def _is_whole(value: JsonValue) -> bool:
    return type(value) is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER


def _pair(shape: Shape, value: JsonValue, size: int) -> list[int]:
    row = Shape({"pair": value}, "record").items("pair")
    pair = [item for item in row if isinstance(item, int) and 0 <= item < size]
    if len(row) != 2 or len(pair) != 2:
        raise shape.wrong("pairs", "are lists of two positions in artifacts")
    return pair


def _use(shape: Shape) -> ArtifactUse:
    facet = shape.text("facet")
    use = ArtifactUse(
        role=name_in(shape, "role"),
        facet=member_in(shape, "facet", Facet.__members__) if facet else "",
        artifact=_artifact(shape.object("artifact")),
    )
    if shape.has("tags"):
        use["tags"] = texts_in(shape, "tags")
    return use


def _artifact(shape: Shape) -> ArtifactRef:
    ref = ArtifactRef(
        kind=member_in(shape, "kind", ArtifactKind.__members__),
        name=name_in(shape, "name"),
        digest=checked_text(shape.text("digest"), what="digest", limit=MAX_NAME),
        algorithm=name_in(shape, "algorithm"),
        strength=member_in(shape, "strength", Strength.__members__),
    )
    if shape.has("uri"):
        ref["uri"] = checked_text(shape.text("uri"), what="uri", limit=65_536)
    if shape.has("attributes"):
        ref["attributes"] = texts_in(shape, "attributes")
    return ref
