"""A series of a run as a small curve: steps to the right, values upwards, on its own scale."""

import math
from collections.abc import Sequence

from domain.metric import MetricPoint

_WIDTH, _HEIGHT, _PAD = 200, 32, 3


def curve_svg(points: Sequence[MetricPoint]) -> str:
    """An SVG of the finite values, ordered by step; empty when there is nothing to connect."""
    places = [(point["step"], float(point["value"])) for point in points]
    places = [place for place in places if math.isfinite(place[1])]
    steps, values = [step for step, _ in places], [value for _, value in places]
    if len(places) < 2 or min(steps) == max(steps):
        return ""
    first, least = min(steps), min(values)
    across = (_WIDTH - 2 * _PAD) / (max(steps) - first)
    # Halved, so that even the whole range of a double has a finite height.
    height = max(values) / 2 - least / 2
    line = " ".join(
        f"{_PAD + (step - first) * across:.1f},{_level(value, least, height):.1f}"
        for step, value in places
    )
    return (
        f'<svg class="curve" role="img" aria-label="Values by step" width="{_WIDTH}" '
        f'height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg">'
        f'<polyline points="{line}"/></svg>'
    )


def _level(value: float, least: float, height: float) -> float:
    share = (value / 2 - least / 2) / height if height else 0.5
    return _HEIGHT - _PAD - share * (_HEIGHT - 2 * _PAD)
