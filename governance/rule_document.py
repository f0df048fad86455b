"""A rule in the canonical document of its policy: every default written out."""

from collections.abc import Mapping
from typing import Final

from domain.canonical import JsonObject, JsonValue
from governance.rule import (
    AllOf,
    AnyOf,
    AssertionRule,
    BudgetRule,
    DeltaRule,
    LimitRule,
    ProvenanceRule,
    Requirement,
    Rule,
)

REQUIRED: Final = "required"
"""The only thing that a replay rule says."""


def rule_document(rule: Rule, *, inner: bool = False) -> JsonObject:
    """The canonical form, which the policy reader reads back; ``inner``: a part of another rule."""
    head: dict[str, JsonValue] = {"id": rule.id}
    if not inner:
        head["severity"] = rule.severity.lower()
    if rule.when is not None:
        head["when"] = rule.when
    if rule.quarantine:
        head["on_fail"] = "quarantine"
    return {**head, **_body(rule)}


def _body(rule: Rule) -> JsonObject:
    if isinstance(rule, DeltaRule):
        margin = _present({"abs": rule.margin_absolute, "rel": rule.margin_relative})
        floor = rule.min_comparability
        return {
            "metric": rule.metric,
            "margin": margin,
            "alpha": rule.alpha,
            "min_samples": rule.min_samples,
            **({} if floor is None else {"min_comparability": floor.lower()}),
            **({} if rule.split is None else {"split": rule.split}),
            **({} if rule.pair_by is None else {"pair_by": rule.pair_by}),
        }
    if isinstance(rule, LimitRule):
        limit = _present({"max": rule.maximum, "min": rule.minimum})
        return {"metric": rule.metric, "limit": limit}
    if isinstance(rule, BudgetRule):
        return {"metric": rule.metric, "budget": {"total": rule.total}}
    if isinstance(rule, AssertionRule):
        return {"assert": rule.expression}
    if isinstance(rule, ProvenanceRule):
        return {"provenance": _requirement(rule)}
    if isinstance(rule, AllOf | AnyOf):
        kind = "all_of" if isinstance(rule, AllOf) else "any_of"
        return {kind: [rule_document(part, inner=True) for part in rule.parts]}
    return {}


def _requirement(rule: ProvenanceRule) -> JsonObject:
    if rule.requirement is Requirement.IDENTIFIED and rule.facet and rule.strength:
        return {
            "identified": {
                "facet": rule.facet.lower(),
                "strength": rule.strength.name.lower(),
            }
        }
    if rule.requirement is Requirement.SIGNED_BY:
        facet = rule.facet.lower() if rule.facet else None
        return {
            "signed_by": _present({"key": rule.signer, "artifact": rule.artifact, "facet": facet})
        }
    if rule.requirement is Requirement.REPLAY:
        return {"replay": REQUIRED}
    return {rule.requirement.value: True}


def _present(values: Mapping[str, str | None]) -> JsonObject:
    return {key: value for key, value in values.items() if value is not None}
