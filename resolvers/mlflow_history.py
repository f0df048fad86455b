"""The history of one metric of one run, as MLflow shows it."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

from domain.metric import MetricPoint
from graph.port import GraphReader
from resolvers.mlflow_paging import (
    MAX_RESULTS,
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)
from resolvers.mlflow_runs import MetricReader, run_node

SERIES_HELD = 4
"""How many series are kept for their next pages."""


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


class SeriesHeld:
    """The last few series that were paged through: what was said before a position stays so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str, int], list[MetricPoint]] = OrderedDict()

    def points(
        self, metrics: MetricReader, run_id: str, key: str, as_of: int, *, page: int
    ) -> list[MetricPoint]:
        """The whole series in MLflow's order; kept when it is longer than a ``page``."""
        place = (run_id, key, as_of)
        with self._lock:
            found = self._held.get(place)
        if found is None:
            found = _distinct(metrics.points(run_id, key, as_of=as_of))
        if len(found) > page:
            with self._lock:
                self._held[place] = found
                while len(self._held) > SERIES_HELD:
                    self._held.popitem(last=False)
        return found


def metric_history(
    graph: GraphReader,
    metrics: MetricReader,
    question: HistoryQuestion,
    *,
    visible: int,
    held: SeriesHeld,
) -> FoundPoints:
    """Points by (timestamp, step, value), each once; NaN stands before numbers.

    MLflow keeps a point that is logged twice only once, and so it is shown. Raises
    ``NotFoundError`` for an unknown run, ``UsageError`` for a size or token that cannot be read.
    """
    run_node(graph, project=question.project, run_id=question.run_id, names=())
    digest = question_digest("history", question.project, question.run_id, question.key)
    start = parse_page_token(question.page_token, question=digest, visible=visible)
    as_of = visible if start.as_of is None else start.as_of
    size = None if question.max_results is None else checked_max_results(question.max_results)
    page = MAX_RESULTS if size is None else size
    points = held.points(metrics, question.run_id, question.key, as_of, page=page)
    if size is None:
        return FoundPoints(tuple(points[start.offset :]), "")
    stop = start.offset + size
    token = ""
    if stop < len(points):
        token = page_token(offset=stop, as_of=as_of, question=digest)
    return FoundPoints(tuple(points[start.offset : stop]), token)


def _distinct(points: list[MetricPoint]) -> list[MetricPoint]:
    times = [(point["timestamp"], point["step"]) for point in points]
    if all(one < next_one for one, next_one in pairwise(times)):
        return points  # As nearly all series are: in order, and each point once.
    found = {
        (point["timestamp"], point["step"], _place(point["value"]), point["value"]): point
        for point in points
    }
    return [found[place] for place in sorted(found)]


def _place(value: str) -> tuple[bool, float]:
    """Numbers by size after NaN, which compares with nothing."""
    return (False, 0.0) if value == "NaN" else (True, float(value))
