"""The history of one metric of one run, as MLflow shows it."""

from dataclasses import dataclass

from domain.metric import MetricPoint
from graph.port import GraphReader
from resolvers.mlflow_paging import (
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)
from resolvers.mlflow_runs import MetricReader, run_node


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """Which series, and how much of it."""

    project: str
    run_id: str
    key: str
    max_results: int | None = None
    """None: all of it."""
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class FoundPoints:
    """One page."""

    points: tuple[MetricPoint, ...]
    next_page_token: str
    """Empty on the last page."""


def metric_history(
    graph: GraphReader, metrics: MetricReader, question: HistoryQuestion, *, visible: int
) -> FoundPoints:
    """Points by (timestamp, step, value), each once; NaN stands before numbers.

    MLflow keeps a point that is logged twice only once, and so it is shown. Raises
    ``NotFoundError`` for an unknown run, ``UsageError`` for a size or token that cannot be read.
    """
    run_node(graph, project=question.project, run_id=question.run_id, names=())
    digest = question_digest("history", question.project, question.run_id, question.key)
    start = parse_page_token(question.page_token, question=digest, visible=visible)
    points = _distinct(metrics.points(question.run_id, question.key, as_of=start.as_of))
    if question.max_results is None:
        return FoundPoints(tuple(points[start.offset :]), "")
    stop = start.offset + checked_max_results(question.max_results)
    token = ""
    if stop < len(points):
        as_of = visible if start.as_of is None else start.as_of
        token = page_token(offset=stop, as_of=as_of, question=digest)
    return FoundPoints(tuple(points[start.offset : stop]), token)


def _distinct(points: list[MetricPoint]) -> list[MetricPoint]:
    found = {
        (point["timestamp"], point["step"], _place(point["value"]), point["value"]): point
        for point in points
    }
    return [found[place] for place in sorted(found)]


def _place(value: str) -> tuple[bool, float]:
    """Numbers by size after NaN, which compares with nothing."""
    return (False, 0.0) if value == "NaN" else (True, float(value))
