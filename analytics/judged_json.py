"""Definitions, criteria and deltas as canonical JSON; every number as decimal text."""

from analytics.criterion import Criterion
from analytics.delta import Interval, MetricDelta, Moments
from domain.canonical import JsonObject, JsonValue
from domain.metric import MetricDefinition, MetricKey, decimal_text


def definition_json(definition: MetricDefinition) -> JsonObject:
    """A metric definition, whole."""
    return {
        "name": definition.name,
        "direction": definition.direction.value,
        "target": definition.target,
        "unit": definition.unit,
        "reducer": definition.reducer.value,
        "step": definition.step,
    }


def criterion_json(criterion: Criterion) -> JsonObject:
    """A criterion, whole; without ``pair_by`` where nothing is paired, ``split`` where none is."""
    pairing: JsonObject = {} if criterion.pair_by is None else {"pair_by": criterion.pair_by}
    split: JsonObject = {"split": criterion.split} if criterion.split else {}
    return {
        **pairing,
        **split,
        "metric": criterion.metric,
        "margin": {"abs": criterion.margin_absolute, "rel": criterion.margin_relative},
        "alpha": criterion.alpha,
        "min_samples": criterion.min_samples,
    }


def key_json(key: MetricKey) -> JsonObject:
    """A metric key."""
    return {
        "name": key.name,
        "split": key.split,
        "reducer": key.reducer.value,
        "step": key.step,
    }


def delta_json(delta: MetricDelta) -> JsonObject:
    """A delta with its moments and interval; null where a number has no meaning."""
    return {
        "key": key_json(delta.key),
        "definition": definition_json(delta.definition),
        "state": delta.state.value,
        "baseline": _moments(delta.baseline),
        "candidate": _moments(delta.candidate),
        "raw": number_json(delta.raw),
        "oriented": number_json(delta.oriented),
        "relative": number_json(delta.relative),
        "interval": _interval(delta.interval),
        "p": number_json(delta.p),
        "uncertainty": delta.uncertainty.value,
        "pairs": delta.pairs,
        "unpaired": delta.unpaired,
    }


def number_json(value: float | None) -> JsonValue:
    """Decimal text, or null."""
    return None if value is None else decimal_text(value)


def _moments(moments: Moments | None) -> JsonValue:
    if moments is None:
        return None
    return {
        "n": moments.n,
        "mean": number_json(moments.mean),
        "sd": number_json(moments.sd),
        "non_finite": moments.non_finite,
    }


def _interval(interval: Interval | None) -> JsonValue:
    if interval is None:
        return None
    return {
        "low": number_json(interval.low),
        "high": number_json(interval.high),
        "alpha": interval.alpha,
        "method": interval.method,
        "df": number_json(interval.df),
        "standard_error": number_json(interval.standard_error),
    }
