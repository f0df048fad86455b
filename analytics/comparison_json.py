"""A comparison as canonical JSON: the same comparison, the same bytes."""

from collections.abc import Sequence

from analytics.causes import Cause, Effect
from analytics.comparability import Check
from analytics.comparison import Comparison, Side
from analytics.judged_json import delta_json, key_json, number_json
from domain.canonical import JsonObject


def comparison_json(comparison: Comparison) -> JsonObject:
    """Everything that the comparison says; numbers as decimal text."""
    return {
        "id": comparison.id,
        "as_of": comparison.as_of,
        "analysis": comparison.analysis,
        "baseline": _side(comparison.baseline),
        "candidate": _side(comparison.candidate),
        "comparability": {
            "level": comparison.comparability.level.value,
            "checks": [_check(check) for check in comparison.comparability.checks],
        },
        "deltas": [delta_json(delta) for delta in comparison.deltas],
        "causes": [_cause(cause) for cause in comparison.causes],
        "unexplained": [
            {"metric": key_json(each.metric), "reason": each.reason}
            for each in comparison.unexplained
        ],
    }


def _side(side: Side) -> JsonObject:
    return {
        "run_ids": list(side.run_ids),
        "excluded": [{"run_id": each.run_id, "reason": each.reason} for each in side.excluded],
        "fingerprint": side.fingerprint,
        "selected_by": side.selected_by,
    }


def _check(check: Check) -> JsonObject:
    return {
        "facet": check.facet.value,
        "level": check.level.value,
        "strength": check.strength.name,
        "baseline": list(check.baseline),
        "candidate": list(check.candidate),
        "reason": check.reason,
        "hint": check.hint,
    }


def _cause(cause: Cause) -> JsonObject:
    return {
        "kind": cause.kind.value,
        "facet": cause.facet.value,
        "label": cause.label,
        "role": cause.role,
        "before": list(cause.before),
        "after": list(cause.after),
        "before_ids": list(cause.before_ids),
        "after_ids": list(cause.after_ids),
        "distance": cause.distance,
        "path": list(cause.path),
        "effects": _effects(cause.effects),
    }


def _effects(effects: Sequence[Effect]) -> list[JsonObject]:
    return [
        {
            "metric": key_json(effect.metric),
            "attribution": effect.attribution.value,
            "confounders": effect.confounders,
            "oriented": number_json(effect.oriented),
        }
        for effect in effects
    ]
