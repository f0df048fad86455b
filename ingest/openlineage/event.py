"""An OpenLineage event as it is sent: read strictly, its facets kept whole.

Specification: openlineage.io/spec/2-0-2/OpenLineage.json (``RunEvent``, ``DatasetEvent``,
``JobEvent``).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, UsageError
from domain.names import checked_name

EVENT_TYPES: Final = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
MAX_NAME: Final = 2_048
"""Characters of a namespace or a name."""
MAX_DATASETS: Final = 1_000
"""Inputs, and outputs, of one event."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class JobRef:
    """A job by its two names."""

    namespace: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as one event speaks of it."""

    namespace: str
    name: str
    facets: Mapping[str, JsonObject]
    own_facets: Mapping[str, JsonObject]
    """``inputFacets`` or ``outputFacets``: about this very use."""

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class LineageEvent:
    """One event. ``run_id`` is empty, and ``job`` None, in events that have none."""

    text: str
    """All of it, as JSON with sorted keys."""
    digest: str
    """SHA-256 of ``text``, hexadecimal."""
    type: str
    time: int
    """Milliseconds since the epoch."""
    producer: str
    run_id: str
    run_facets: Mapping[str, JsonObject]
    job: JobRef | None
    job_facets: Mapping[str, JsonObject]
    inputs: tuple[Dataset, ...] = ()
    outputs: tuple[Dataset, ...] = ()
    datasets: tuple[Dataset, ...] = field(default=())
    """What a ``DatasetEvent`` is about."""


def read_event(body: JsonValue) -> LineageEvent:
    """The event in ``body``; ``UsageError`` (INVALID_ARGUMENT, INVALID_NAME) when it is none."""
    event = _object(body, "event")
    run, job, dataset = (event.get(key) for key in ("run", "job", "dataset"))
    if run is None and job is None and dataset is None:
        raise wrong("event", "has neither run, job nor dataset")
    if run is not None and job is None:
        raise wrong("event.job", "is missing")
    kind = "" if run is None else _text(event, "eventType", "event", default="OTHER")
    if run is not None and kind not in EVENT_TYPES:
        raise wrong("event.eventType", f"is not one of {', '.join(EVENT_TYPES)}")
    run_object: JsonObject = {} if run is None else _object(run, "event.run")
    text = _whole(event)
    return LineageEvent(
        text=text,
        digest=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        type=kind,
        time=event_time(event),
        producer=_text(event, "producer", "event", default=""),
        run_id="" if run is None else run_id_of(run_object, "event.run"),
        run_facets=_facets(run_object, "facets", "event.run"),
        job=None if job is None else job_of(job, "event.job"),
        job_facets={} if job is None else _facets(_object(job, "job"), "facets", "event.job"),
        inputs=_datasets(event, "inputs", "inputFacets"),
        outputs=_datasets(event, "outputs", "outputFacets"),
        datasets=() if dataset is None else (_dataset(dataset, "", "event.dataset"),),
    )


def event_time(body: JsonValue) -> int:
    """When the event in ``body`` was, milliseconds since the epoch; ``UsageError`` as above."""
    return _milliseconds(_text(_object(body, "event"), "eventTime", "event"))


def job_of(value: JsonValue, path: str) -> JobRef:
    """A job's namespace and name."""
    job = _object(value, path)
    return JobRef(name_in(job, "namespace", path), name_in(job, "name", path))


def run_id_of(value: JsonValue, path: str) -> str:
    """A run's UUID in its canonical form: lower case, with dashes."""
    text = _text(_object(value, path), "runId", path)
    if not _UUID.fullmatch(text):
        raise wrong(f"{path}.runId", "is not a UUID")
    return str(UUID(text))


def name_in(value: JsonObject, key: str, path: str) -> str:
    """A namespace or a name."""
    return checked_name(_text(value, key, path), what=f"{path}.{key}", limit=MAX_NAME)


def facet_text(facets: Mapping[str, JsonObject], facet: str, key: str) -> str:
    """The text at ``key`` of a facet; empty when it is not there or no text."""
    value = facets.get(facet, {}).get(key)
    return value if isinstance(value, str) else ""


def facet_objects(facets: Mapping[str, JsonObject], facet: str, key: str) -> list[JsonObject]:
    """The objects in the list at ``key`` of a facet; what is no object is left out."""
    items = facets.get(facet, {}).get(key)
    if not isinstance(items, list):
        return []
    return [cast("JsonObject", item) for item in items if isinstance(item, dict)]


def json_text(value: JsonValue) -> str:
    """``value`` as JSON with sorted keys and no spaces; numbers as they were sent."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def wrong(path: str, why: str) -> UsageError:
    """The error for what is no OpenLineage event."""
    return UsageError(
        f"The OpenLineage event is not valid: {path} {why}.",
        code=ErrorCode.INVALID_ARGUMENT,
        hint="Send a RunEvent, JobEvent or DatasetEvent of OpenLineage 2-0-2.",
    )


def _whole(event: JsonObject) -> str:
    try:
        return json_text(event)
    except ValueError as error:
        raise wrong("event", "holds a number beyond the range of a double") from error


def _datasets(event: JsonObject, key: str, own: str) -> tuple[Dataset, ...]:
    items = event.get(key)
    if items is None:
        return ()
    if not isinstance(items, list):
        raise wrong(f"event.{key}", "is not a list")
    if len(items) > MAX_DATASETS:
        raise wrong(f"event.{key}", f"has more than {MAX_DATASETS} datasets")
    found: dict[tuple[str, str], Dataset] = {}
    for index, item in enumerate(items):
        dataset = _dataset(item, own, f"event.{key}[{index}]")
        found.setdefault((dataset.namespace, dataset.name), dataset)
    return tuple(found.values())


def _dataset(value: JsonValue, own: str, path: str) -> Dataset:
    dataset = _object(value, path)
    return Dataset(
        namespace=name_in(dataset, "namespace", path),
        name=name_in(dataset, "name", path),
        facets=_facets(dataset, "facets", path),
        own_facets=_facets(dataset, own, path) if own else {},
    )


def _facets(value: JsonObject, key: str, path: str) -> dict[str, JsonObject]:
    facets = value.get(key)
    if facets is None:
        return {}
    return {
        checked_name(name, what="facet name", limit=250): _object(facet, f"{path}.{key}.{name}")
        for name, facet in sorted(_object(facets, f"{path}.{key}").items())
        if facet is not None
    }


def _object(value: JsonValue, path: str) -> JsonObject:
    if not isinstance(value, dict):
        raise wrong(path[:200], "is not an object")
    return cast("JsonObject", value)


def _text(value: JsonObject, key: str, path: str, *, default: str | None = None) -> str:
    text = value.get(key)
    if text is None and default is not None:
        return default
    if not isinstance(text, str) or not text:
        raise wrong(f"{path}.{key}", "is missing or no text")
    return text


def _milliseconds(text: str) -> int:
    """RFC 3339; a time without a zone is UTC, as some producers mean it."""
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        milliseconds = round(zoned.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise wrong("event.eventTime", "is not a date and time") from error
    if milliseconds < 0:
        raise wrong("event.eventTime", "lies before 1970")
    return milliseconds
