"""Two canonical policy documents held against each other: what was added, removed, changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.canonical import JsonObject, JsonValue, canonical_bytes


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """One member that differs; ``path`` is written like ``rules.accuracy.margin.abs``."""

    path: str
    before: str | None
    """Canonical JSON; None when it was not there."""
    after: str | None


def policy_differences(
    before: JsonObject | None, after: JsonObject | None
) -> tuple[PolicyDifference, ...]:
    """Every difference by path; rules are matched by their id, not by their place."""
    left, right = _flat(before or {}), _flat(after or {})
    return tuple(
        PolicyDifference(path, left.get(path), right.get(path))
        for path in sorted({*left, *right})
        if left.get(path) != right.get(path)
    )


def _flat(document: JsonObject) -> dict[str, str]:
    found: dict[str, str] = {}
    _collect(document, "", found)
    return found


def _collect(value: JsonValue, path: str, found: dict[str, str]) -> None:
    if isinstance(value, Mapping) and value:
        for key in value:
            _collect(value[key], f"{path}.{key}" if path else key, found)
    elif _is_rules(value):
        for item in value:  # type: ignore[union-attr]
            _collect(item, f"{path}.{item['id']}", found)  # type: ignore[call-overload,index]
    else:
        found[path] = canonical_bytes(value).decode("utf-8")


def _is_rules(value: JsonValue) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(item, Mapping) and "id" in item for item in value)
    )
