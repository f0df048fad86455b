"""A sample of one metric of one run, evenly spread, as MLflow's charts ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import UsageError
from domain.metric import MetricPoint
from resolvers.mlflow_history import SeriesHeld
from resolvers.mlflow_runs import MetricReader


@dataclass(frozen=True, slots=True)
class SampleQuestion:
    """Which series, which of its steps, and how many points of them."""

    run_id: str
    key: str
    size: int
    """At most so many points, 1 or more."""
    steps: tuple[int, int] | None = None
    """First and last step, both of them included; None for all."""


def steps_between(start: int | None, end: int | None) -> tuple[int, int] | None:
    """From ``start`` to ``end``; ``UsageError`` for one of them alone, or out of order."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise UsageError(
            "If either start step or end step are specified, both must be specified.",
            hint="Leave both out for all steps.",
        )
    if start > end:
        raise UsageError(
            "end_step must be greater than start_step. "
            f"Found start_step={start} and end_step={end}."
        )
    return start, end


def sampled_points(
    metrics: MetricReader, question: SampleQuestion, visible: int, held: SeriesHeld
) -> list[MetricPoint]:
    """By (step, timestamp, value), as of the tree size ``visible``: the first point of each of
    ``size`` parts of equal length, as SQL's NTILE cuts them, and the very last point."""
    points = held.points(metrics, question.run_id, question.key, visible, page=question.size)
    if question.steps is not None:
        first, last = question.steps
        points = [point for point in points if first <= point["step"] <= last]
    return _sample(sorted(points, key=_place), question.size)


def _sample(points: Sequence[MetricPoint], size: int) -> list[MetricPoint]:
    count = len(points)
    if count <= size:
        return list(points)
    length, longer = divmod(count, size)
    sample = [points[part * length + min(part, longer)] for part in range(size)]
    sample[-1] = points[-1]
    return sample


def _place(point: MetricPoint) -> tuple[int, int, float, bool]:
    """NaN among the zeros, after them, as MLflow stores it."""
    is_nan = point["value"] == "NaN"
    return point["step"], point["timestamp"], 0.0 if is_nan else float(point["value"]), is_nan
