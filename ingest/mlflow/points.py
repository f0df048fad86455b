"""Metric points as they come in: numbers that a double holds, times that an I-JSON integer holds.

Accepted: finite numbers, and the texts ``NaN``, ``Infinity`` and ``-Infinity`` (proto3 JSON).
Refused, unlike in MLflow: true and false, ``1e400``, steps and timestamps beyond ±(2**53 - 1).
"""

import math
import re
from math import isfinite

from domain.canonical import MAX_SAFE_INTEGER, JsonValue
from domain.errors import UsageError
from domain.metric import MetricPoint, decimal_text, parse_decimal
from domain.names import checked_text
from ingest.limits import MAX_DATASET_DIGEST, MAX_DATASET_NAME
from ingest.mlflow.fields import Fields, missing, too_long
from ingest.mlflow.keys import checked_key, is_plain_key
from ingest.mlflow.locations import checked_model_id

_DECIMAL = re.compile(r"-?\d{1,400}(?:\.\d{0,400})?(?:[eE][-+]?\d{1,4})?|NaN|-?Infinity", re.ASCII)
_USUAL = {"key", "value", "step", "timestamp"}


def points_of(body: Fields, name: str) -> list[MetricPoint]:
    """The points in the list ``name``; ``UsageError`` when one is none."""
    return [
        _usual(item) or point_of(body.item(name, index))
        for index, item in enumerate(body.items(name))
    ]


def _usual(item: JsonValue) -> MetricPoint | None:
    """The point in ``item`` if it is as clients send nearly all of them, and beyond doubt.

    A batch holds a thousand: this is the road that they take, and ``point_of`` the one for others.
    """
    if not isinstance(item, dict) or item.keys() != _USUAL:
        return None
    key, value, step, timestamp = item["key"], item["value"], item["step"], item["timestamp"]
    if type(value) is not float or not isfinite(value):
        return None
    if type(timestamp) is not int or type(step) is not int or type(key) is not str:
        return None
    if not 0 <= timestamp <= MAX_SAFE_INTEGER:
        return None
    if not -MAX_SAFE_INTEGER <= step <= MAX_SAFE_INTEGER or not is_plain_key(key):
        return None
    return {"key": key, "value": repr(value), "step": step, "timestamp": timestamp}


def point_of(fields: Fields) -> MetricPoint:
    """One point; ``UsageError`` when it is not one."""
    key = checked_key(
        fields.text("key"),
        path=fields.path("name" if fields.has("key") else "key"),
        what="Metric name",
    )
    if not fields.has("value"):
        raise missing(fields.path("value"))
    timestamp = fields.integer("timestamp")
    if timestamp is None:
        raise missing(fields.path("timestamp"))
    if timestamp < 0:
        why = f"metric '{key}'. Timestamp must be a nonnegative long (64-bit integer) "
        raise fields.wrong("timestamp", why)
    point = MetricPoint(
        key=key, value=_value(fields), step=fields.integer("step") or 0, timestamp=timestamp
    )
    _add_links(point, fields)
    return point


def _value(fields: Fields) -> str:
    value = fields.raw("value")
    if isinstance(value, str):
        return _decimal(fields, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fields.wrong("value")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _not_a_double(fields)
    return decimal_text(number)


def _decimal(fields: Fields, text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise _not_a_double(fields)
    try:
        return decimal_text(parse_decimal(text))
    except UsageError as error:
        raise _not_a_double(fields) from error


def _not_a_double(fields: Fields) -> UsageError:
    return fields.wrong("value", "Please specify value as a valid double (64-bit floating point)")


def _add_links(point: MetricPoint, fields: Fields) -> None:
    """The model and dataset that the value was measured on, where the client says so."""
    if model_id := fields.text("model_id"):
        point["model_id"] = checked_model_id(model_id)
    if name := fields.text("dataset_name"):
        point["dataset_name"] = _short(name, "dataset_name", MAX_DATASET_NAME)
    if digest := fields.text("dataset_digest"):
        point["dataset_digest"] = _short(digest, "dataset_digest", MAX_DATASET_DIGEST)


def _short(text: str, what: str, limit: int) -> str:
    if len(text) > limit:
        raise too_long(what, limit)
    return checked_text(text, what=what, limit=limit)
