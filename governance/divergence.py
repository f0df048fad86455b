"""The first place where two JSON values differ, in the order of canonical JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from domain.canonical import JsonObject, JsonValue, canonical_bytes

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Divergence:
    """``path`` is written like ``rules[0].delta.p``; the values are canonical JSON, cut short."""

    path: str
    expected: str
    actual: str


def first_divergence(expected: JsonValue, actual: JsonValue, path: str = "") -> Divergence | None:
    """Where ``actual`` first differs from ``expected``; None when they are equal."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return _in_object(expected, actual, path)
    if _is_array(expected) and _is_array(actual):
        return _in_array(
            cast("Sequence[JsonValue]", expected), cast("Sequence[JsonValue]", actual), path
        )
    if type(expected) is type(actual) and expected == actual:
        return None
    return Divergence(path or "$", _shown(expected), _shown(actual))


def _in_object(expected: JsonObject, actual: JsonObject, path: str) -> Divergence | None:
    for key in sorted({*expected, *actual}, key=lambda key: key.encode("utf-16-be")):
        below = f"{path}.{key}" if path else key
        if key not in expected or key not in actual:
            return Divergence(below, _member(expected, key), _member(actual, key))
        found = first_divergence(expected[key], actual[key], below)
        if found is not None:
            return found
    return None


def _in_array(
    expected: Sequence[JsonValue], actual: Sequence[JsonValue], path: str
) -> Divergence | None:
    for index, (left, right) in enumerate(zip(expected, actual, strict=False)):
        found = first_divergence(left, right, f"{path}[{index}]")
        if found is not None:
            return found
    if len(expected) != len(actual):
        return Divergence(f"{path}.length", str(len(expected)), str(len(actual)))
    return None


def _is_array(value: JsonValue) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _member(value: JsonObject, key: str) -> str:
    return _shown(value[key]) if key in value else "absent"


def _shown(value: JsonValue) -> str:
    text = canonical_bytes(value).decode("utf-8")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
