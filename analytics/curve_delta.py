"""Two metric series aligned by step, and the first step at which they part."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from domain.metric import MetricPoint, parse_decimal


@dataclass(frozen=True, slots=True)
class CurveDelta:
    """Columns of equal length, one place for each step that either side recorded."""

    steps: tuple[int, ...]
    """Ascending."""
    baseline: tuple[float | None, ...]
    """The value at the step, the last one recorded there; None where that side has none."""
    candidate: tuple[float | None, ...]
    delta: tuple[float | None, ...]
    """candidate - baseline, correctly rounded; None unless both are finite."""
    parts_at: int | None
    """The first step that both sides recorded with different values; None when there is none."""
    only_baseline: int
    """Steps that the candidate lacks."""
    only_candidate: int


def curve_delta(baseline: Sequence[MetricPoint], candidate: Sequence[MetricPoint]) -> CurveDelta:
    """The two series, each in (step, timestamp, value) order, held against each other."""
    before, after = _by_step(baseline), _by_step(candidate)
    steps = tuple(sorted(before.keys() | after.keys()))
    return CurveDelta(
        steps=steps,
        baseline=tuple(before.get(step) for step in steps),
        candidate=tuple(after.get(step) for step in steps),
        delta=tuple(_difference(before.get(step), after.get(step)) for step in steps),
        parts_at=next(
            (s for s in steps if s in before and s in after and not _same(before[s], after[s])),
            None,
        ),
        only_baseline=len(before.keys() - after.keys()),
        only_candidate=len(after.keys() - before.keys()),
    )


def _by_step(points: Sequence[MetricPoint]) -> dict[int, float]:
    return {point["step"]: parse_decimal(point["value"]) for point in points}


def _difference(before: float | None, after: float | None) -> float | None:
    if before is None or after is None or not (math.isfinite(before) and math.isfinite(after)):
        return None
    return after - before


def _same(before: float, after: float) -> bool:
    return before == after or (math.isnan(before) and math.isnan(after))
