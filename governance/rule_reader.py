"""One rule of a policy file: its kind is decided by one field, never guessed."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from analytics.comparability import Level
from analytics.paired import EXAMPLES
from analytics.splits import SPLITS
from domain.errors import UsageError
from domain.facet import Facet, Strength
from domain.metric import MetricDefinition
from domain.verdict import Severity
from governance.expression import check_expression
from governance.field_reader import (
    choice_of,
    decimal_of,
    fields_of,
    flag_of,
    integer_of,
    items_of,
    mapping_of,
    name_of,
    near,
    spelling_of,
    text_of,
)
from governance.located import Fields, Located, policy_error
from governance.quantity import limit_in
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
from governance.rule_document import REQUIRED

ID_LIMIT: Final = 100
METRIC_LIMIT: Final = 250
ARTIFACT_LIMIT: Final = 1_000
MAX_SAMPLES: Final = 10_000
MAX_NESTING: Final = 4
"""Levels of all_of and any_of."""
DEFAULT_ALPHA: Final = "0.05"
DEFAULT_SAMPLES: Final = 3
SEVERITIES: Final = {item.lower(): item for item in Severity}
FLOORS: Final = {item.lower(): item for item in (Level.UNKNOWN, Level.ASSUMED, Level.VERIFIED)}
FACETS: Final = {item.lower(): item for item in Facet}
STRENGTHS: Final = {item.name.lower(): item for item in Strength if item is not Strength.UNKNOWN}
_SPLITS: Final = {split: split for split in SPLITS}
ON_FAIL: Final = {"report": False, "quarantine": True}
_HEAD: Final = ("id", "severity", "when", "on_fail")
_METRIC_HEAD: Final = (*_HEAD, "metric")
DELTA_FIELDS: Final = (
    *_METRIC_HEAD,
    "margin",
    "alpha",
    "min_samples",
    "min_comparability",
    "split",
    "pair_by",
)
LIMIT_FIELDS: Final = (*_METRIC_HEAD, "limit")
BUDGET_FIELDS: Final = (*_METRIC_HEAD, "budget")
KINDS: Final = ("margin", "limit", "budget", "assert", "provenance", "all_of", "any_of")


class RuleReader:
    """Reads rules; ``metrics`` are the definitions of the document."""

    def __init__(self, metrics: Mapping[str, MetricDefinition]) -> None:
        self._metrics = metrics
        self._readers: Mapping[str, Callable[[Located, int], Rule]] = {
            "margin": self._delta,
            "limit": self._limit,
            "budget": self._budget,
            "assert": self._assertion,
            "provenance": self._provenance,
            "all_of": self._composite,
            "any_of": self._composite,
        }

    def read(self, located: Located, depth: int = 0) -> Rule:
        """The rule at ``located``; ``UsageError`` (POLICY_INVALID) for an unknown kind or field."""
        fields = mapping_of(located, "a rule")
        found = [kind for kind in KINDS if kind in fields.values]
        if len(found) == 1:
            return self._readers[found[0]](located, depth)
        known = {*DELTA_FIELDS, *KINDS}
        for name in fields.values:
            if name not in known:
                at = fields.keys.get(name, fields.place)
                raise policy_error(at, f"unknown field {name!r} in a rule", near(name, known))
        kinds = ", ".join(f"`{kind}`" for kind in KINDS)
        raise policy_error(fields.place, f"a rule has exactly one of {kinds}")

    def _delta(self, located: Located, _depth: int) -> DeltaRule:
        fields = fields_of(located, "a margin rule", DELTA_FIELDS, ("id", "metric"))
        values = fields.values
        margin = fields_of(values["margin"], "margin", ("abs", "rel"))
        if not margin.values:
            raise policy_error(margin.place, "a margin has `abs`, `rel` or both")
        pair_by = (
            name_of(values["pair_by"], "parameter's name", METRIC_LIMIT)
            if "pair_by" in values
            else None
        )
        least = 1 if pair_by == EXAMPLES else 2
        return DeltaRule(
            **_head(fields),
            metric=name_of(values["metric"], "metric name", METRIC_LIMIT),
            margin_absolute=_margin(margin, "abs"),
            margin_relative=_margin(margin, "rel"),
            alpha=_alpha(values["alpha"]) if "alpha" in values else DEFAULT_ALPHA,
            min_samples=(
                integer_of(values["min_samples"], "min_samples", least, MAX_SAMPLES)
                if "min_samples" in values
                else DEFAULT_SAMPLES
            ),
            min_comparability=(
                choice_of(values["min_comparability"], "min_comparability", FLOORS)
                if "min_comparability" in values
                else None
            ),
            split=choice_of(values["split"], "split", _SPLITS) if "split" in values else None,
            pair_by=pair_by,
        )

    def _limit(self, located: Located, _depth: int) -> LimitRule:
        fields = fields_of(located, "a limit rule", LIMIT_FIELDS, ("id", "metric"))
        metric, unit = self._metric(fields)
        limit = fields_of(fields.values["limit"], "limit", ("max", "min"))
        if not limit.values:
            raise policy_error(limit.place, "a limit has `max`, `min` or both")
        bounds = {
            name: limit_in(spelling_of(value, f"limit {name}"), unit, value.place)
            for name, value in limit.values.items()
        }
        minimum, maximum = bounds.get("min"), bounds.get("max")
        if minimum is not None and maximum is not None and Fraction(minimum) > Fraction(maximum):
            raise policy_error(limit.place, "the limit's min lies above its max")
        return LimitRule(**_head(fields), metric=metric, minimum=minimum, maximum=maximum)

    def _budget(self, located: Located, _depth: int) -> BudgetRule:
        fields = fields_of(located, "a budget rule", BUDGET_FIELDS, ("id", "metric"))
        metric, unit = self._metric(fields)
        budget = fields_of(fields.values["budget"], "budget", ("total",), ("total",))
        value = budget.values["total"]
        total = limit_in(spelling_of(value, "budget total"), unit, value.place)
        if total.startswith("-"):
            raise policy_error(value.place, "a budget cannot be negative")
        return BudgetRule(**_head(fields), metric=metric, total=total)

    def _assertion(self, located: Located, _depth: int) -> AssertionRule:
        fields = fields_of(located, "an assertion", (*_HEAD, "assert"), ("id",))
        return AssertionRule(**_head(fields), expression=_expression(fields.values["assert"]))

    def _provenance(self, located: Located, _depth: int) -> ProvenanceRule:
        fields = fields_of(located, "a provenance rule", (*_HEAD, "provenance"), ("id",))
        asked = fields_of(fields.values["provenance"], "provenance", list(Requirement))
        if len(asked.values) != 1:
            kinds = ", ".join(Requirement)
            raise policy_error(asked.place, f"a provenance rule asks exactly one of {kinds}")
        ((name, value),) = asked.values.items()
        if name == Requirement.SIGNED_BY:
            return self._signed_by(fields, value)
        if name == Requirement.REPLAY:
            choice_of(value, name, {REQUIRED: True})
            return ProvenanceRule(**_head(fields), requirement=Requirement.REPLAY)
        if name != Requirement.IDENTIFIED:
            if not flag_of(value, name):
                raise policy_error(value.place, f"{name!r} can only be true")
            return ProvenanceRule(**_head(fields), requirement=Requirement(name))
        identified = fields_of(value, name, ("facet", "strength"), ("facet", "strength"))
        return ProvenanceRule(
            **_head(fields),
            requirement=Requirement.IDENTIFIED,
            facet=choice_of(identified.values["facet"], "facet", FACETS),
            strength=choice_of(identified.values["strength"], "strength", STRENGTHS),
        )

    def _signed_by(self, fields: Fields, located: Located) -> ProvenanceRule:
        signed = fields_of(located, "signed_by", ("key", "artifact", "facet"), ("key",))
        values = signed.values
        if ("artifact" in values) == ("facet" in values):
            raise policy_error(signed.place, "signed_by has exactly one of `artifact` and `facet`")
        return ProvenanceRule(
            **_head(fields),
            requirement=Requirement.SIGNED_BY,
            signer=name_of(values["key"], "key name", ID_LIMIT),
            artifact=(
                name_of(values["artifact"], "artifact name", ARTIFACT_LIMIT)
                if "artifact" in values
                else None
            ),
            facet=choice_of(values["facet"], "facet", FACETS) if "facet" in values else None,
        )

    def _composite(self, located: Located, depth: int) -> AllOf | AnyOf:
        fields = fields_of(located, "a rule of rules", (*_HEAD, "all_of", "any_of"), ("id",))
        kind = "all_of" if "all_of" in fields.values else "any_of"
        if depth >= MAX_NESTING:
            raise policy_error(fields.place, f"rules are nested deeper than {MAX_NESTING} levels")
        head = _head(fields)
        parts: list[Rule] = []
        for item in items_of(fields.values[kind], kind):
            inner = mapping_of(item, "a rule")
            for name in ("severity", "on_fail"):
                if name in inner.values:
                    at = inner.keys.get(name, inner.place)
                    raise policy_error(at, f"{name!r} belongs to the outermost rule")
            parts.append(self.read(item, depth + 1))
        return (AllOf if kind == "all_of" else AnyOf)(**head, parts=tuple(parts))

    def _metric(self, fields: Fields) -> tuple[str, str]:
        """The metric's name and unit."""
        metric = name_of(fields.values["metric"], "metric name", METRIC_LIMIT)
        return metric, self._metrics[metric].unit if metric in self._metrics else ""


def _head(fields: Fields) -> dict[str, Any]:
    values = fields.values
    return {
        "id": name_of(values["id"], "rule id", ID_LIMIT),
        "severity": (
            choice_of(values["severity"], "severity", SEVERITIES)
            if "severity" in values
            else Severity.BLOCK
        ),
        "when": _expression(values["when"]) if "when" in values else None,
        "quarantine": (
            choice_of(values["on_fail"], "on_fail", ON_FAIL) if "on_fail" in values else False
        ),
    }


def _expression(located: Located) -> str:
    text = text_of(located, "an expression")
    try:
        check_expression(text)
    except UsageError as error:
        raise policy_error(located.place, error.message.rstrip("."), error.hint) from error
    return text


def _margin(fields: Fields, name: str) -> str | None:
    if name not in fields.values:
        return None
    text = decimal_of(fields.values[name], f"margin {name}")
    if text.startswith("-"):
        raise policy_error(fields.values[name].place, "a margin cannot be negative")
    return text


def _alpha(located: Located) -> str:
    text = decimal_of(located, "alpha")
    if not 0 < Fraction(text) < Fraction(1, 2):
        raise policy_error(
            located.place, f"alpha is {text}", 'It lies between 0 and 0.5, such as "0.05".'
        )
    return text
