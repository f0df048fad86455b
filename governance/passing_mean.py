"""The candidate's mean of a metric as an earlier verdict states it."""

from collections.abc import Mapping, Sequence

from domain.canonical import JsonValue
from domain.metric import Direction, MetricDefinition, parse_decimal
from domain.strict_json import parse_json
from graph.model import Node


def oriented_mean(verdict: Node, definition: MetricDefinition) -> float | None:
    """The mean, turned so that more is better; None when the verdict states none.

    Read from the statement, so that it costs no look at the runs, however many verdicts there are.
    """
    statement = parse_json(str(verdict.attributes["statement"]).encode("utf-8"))
    for row in _rows(statement):
        metric = row.get("metric")
        candidate = row.get("candidate")
        if not isinstance(metric, Mapping) or not isinstance(candidate, Mapping):
            continue
        if metric.get("name") == definition.name and metric.get("reducer") == definition.reducer:
            return _oriented(parse_decimal(str(candidate["mean"])), definition)
    return None


def _rows(statement: JsonValue) -> list[Mapping[str, JsonValue]]:
    rows = statement.get("metrics") if isinstance(statement, Mapping) else None
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        return []
    return [row for row in rows if isinstance(row, Mapping)]


def _oriented(mean: float, definition: MetricDefinition) -> float:
    if definition.direction is Direction.LOWER:
        return -mean
    if definition.direction is Direction.TARGET and definition.target is not None:
        return -abs(mean - parse_decimal(definition.target))
    return mean
