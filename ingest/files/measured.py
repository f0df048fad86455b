"""What imported points were measured on: the logged model and the dataset that MLflow tells."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from domain.canonical import JsonValue
from ingest.files.series import Point

Links: TypeAlias = dict[str, JsonValue]
"""``model_id``, ``dataset_name`` and ``dataset_digest``, as far as they are known."""


class Measured(NamedTuple):
    """One point of one run, as MLflow keeps it with the model."""

    run_id: str
    key: str
    value: str
    """Decimal text."""
    step: int
    timestamp: int


MeasuredPoints: TypeAlias = Mapping[Measured, Links]


def links_of(model_id: str, dataset_name: object, dataset_digest: object) -> Links:
    """Those that are there."""
    named = {
        "model_id": model_id,
        "dataset_name": dataset_name,
        "dataset_digest": dataset_digest,
    }
    return {name: str(value) for name, value in named.items() if value}


def linked(
    run_id: str, key: str, points: Iterable[Point], known: MeasuredPoints
) -> Iterable[Point]:
    """The points, each with what it was measured on; of several models, the first by id."""
    if not known:
        return points
    return (_linked(run_id, key, point, known) for point in points)


def _linked(run_id: str, key: str, point: Point, known: MeasuredPoints) -> Point:
    value, step, timestamp = point[:3]
    if isinstance(value, str) and isinstance(step, int) and isinstance(timestamp, int):
        found = known.get(Measured(run_id, key, value, step, timestamp))
        if found:
            return [value, step, timestamp, found]
    return point
