"""One rule of a policy file: its kind is decided by ``margin`` or ``limit``, never guessed."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from domain.metric import MetricDefinition
from domain.verdict import Severity
from governance.field_reader import (
    choice_of,
    decimal_of,
    fields_of,
    integer_of,
    mapping_of,
    name_of,
    near,
    spelling_of,
)
from governance.located import Fields, Located, policy_error
from governance.quantity import limit_in
from governance.rule import DeltaRule, LimitRule, Rule

ID_LIMIT: Final = 100
METRIC_LIMIT: Final = 250
MAX_SAMPLES: Final = 10_000
DEFAULT_ALPHA: Final = "0.05"
DEFAULT_SAMPLES: Final = 3
SEVERITIES: Final = {item.lower(): item for item in Severity}
_HEAD: Final = ("id", "metric", "severity")
DELTA_FIELDS: Final = (*_HEAD, "margin", "alpha", "min_samples")
LIMIT_FIELDS: Final = (*_HEAD, "limit")
KINDS: Final = ("margin", "limit")
LATER_KINDS: Final = ("assert", "when", "budget", "all_of", "any_of", "provenance")


def read_rule(located: Located, metrics: Mapping[str, MetricDefinition]) -> Rule:
    """The rule at ``located``; ``UsageError`` (POLICY_INVALID) for an unknown kind or operator."""
    fields = mapping_of(located, "a rule")
    kind = _kind(fields)
    if kind == "margin":
        return _delta_rule(fields_of(located, "a margin rule", DELTA_FIELDS, ("id", "metric")))
    fields = fields_of(located, "a limit rule", LIMIT_FIELDS, ("id", "metric"))
    return _limit_rule(fields, metrics)


def _kind(fields: Fields) -> str:
    for name in fields.values:
        if name in LATER_KINDS:
            raise policy_error(
                fields.keys.get(name, fields.place),
                f"the rule kind {name!r} is not supported by this version",
                "A rule has either a `margin` or a `limit`.",
            )
    found = [kind for kind in KINDS if kind in fields.values]
    if len(found) == 1:
        return found[0]
    known = {*DELTA_FIELDS, *LIMIT_FIELDS}
    for name in fields.values:
        if name not in known:
            at = fields.keys.get(name, fields.place)
            raise policy_error(at, f"unknown field {name!r} in a rule", near(name, known))
    raise policy_error(fields.place, "a rule has exactly one of `margin` and `limit`")


def _delta_rule(fields: Fields) -> DeltaRule:
    values = fields.values
    margin = fields_of(values["margin"], "margin", ("abs", "rel"))
    if not margin.values:
        raise policy_error(margin.place, "a margin has `abs`, `rel` or both")
    return DeltaRule(
        id=name_of(values["id"], "rule id", ID_LIMIT),
        metric=name_of(values["metric"], "metric name", METRIC_LIMIT),
        severity=_severity(fields),
        margin_absolute=_margin(margin, "abs"),
        margin_relative=_margin(margin, "rel"),
        alpha=_alpha(values["alpha"]) if "alpha" in values else DEFAULT_ALPHA,
        min_samples=(
            integer_of(values["min_samples"], "min_samples", 2, MAX_SAMPLES)
            if "min_samples" in values
            else DEFAULT_SAMPLES
        ),
    )


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


def _limit_rule(fields: Fields, metrics: Mapping[str, MetricDefinition]) -> LimitRule:
    metric = name_of(fields.values["metric"], "metric name", METRIC_LIMIT)
    unit = metrics[metric].unit if metric in metrics else ""
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
    return LimitRule(
        id=name_of(fields.values["id"], "rule id", ID_LIMIT),
        metric=metric,
        severity=_severity(fields),
        minimum=minimum,
        maximum=maximum,
    )


def _severity(fields: Fields) -> Severity:
    located = fields.values.get("severity")
    return Severity.BLOCK if located is None else choice_of(located, "severity", SEVERITIES)
