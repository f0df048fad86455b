"""The deltas as a picture: one line a metric, its interval against zero and the margin.

Each metric has its own scale, since units differ; zero is in the same place for all.
"""

import html
import math

from lineproof.compared import words
from lineproof.compared.answer import Answer, Delta

WIDTH, ROW, TOP, LABELS = 760, 34, 26, 210
_REACH = (WIDTH - LABELS - 130) / 2
_ZERO = LABELS + _REACH


def interval_svg(answer: Answer) -> str:
    """A self-contained SVG; empty when no metric has a delta."""
    deltas = [each for each in answer["comparison"]["deltas"] if _finite(words.moved(each))]
    if not deltas:
        return ""
    height = TOP + ROW * len(deltas) + 10
    rows = [_row(answer, delta, TOP + ROW * index) for index, delta in enumerate(deltas)]
    return (
        f'<svg class="intervals" role="img" aria-label="Deltas with their intervals" '
        f'viewBox="0 0 {WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">'
        f'<text x="{_ZERO}" y="16" class="axis" text-anchor="middle">0</text>'
        f'<line x1="{_ZERO}" x2="{_ZERO}" y1="{TOP - 4}" y2="{height - 6}" class="zero"/>'
        f"{''.join(rows)}</svg>"
    )


def _row(answer: Answer, delta: Delta, top: float) -> str:
    middle = top + ROW / 2
    value = float(words.moved(delta) or 0)
    low, high = _bounds(delta, value)
    margin = _margin(answer, delta)
    scale = _REACH / (max(abs(value), abs(low), abs(high), margin) or 1.0)
    tone = {1: "better", 0: "neutral", -1: "worse"}[words.tendency(delta)]
    band = (
        f'<rect x="{_ZERO - margin * scale:.1f}" y="{top + 5}" width="{2 * margin * scale:.1f}" '
        f'height="{ROW - 10}" class="margin"/>'
        if margin
        else ""
    )
    name = html.escape(words.metric_name(delta)[:34])
    title = html.escape(
        f"{words.metric_name(delta)}: {words.signed(str(value))} "
        f"{words.interval(delta)} {words.says(answer, delta)}"
    )
    return (
        f"<g><title>{title}</title>{band}"
        f'<text x="{LABELS - 12}" y="{middle + 4}" text-anchor="end">{name}</text>'
        f'<line x1="{_ZERO + low * scale:.1f}" x2="{_ZERO + high * scale:.1f}" '
        f'y1="{middle}" y2="{middle}" class="interval {tone}"/>'
        f'<circle cx="{_ZERO + value * scale:.1f}" cy="{middle}" r="4.5" class="{tone}"/>'
        f'<text x="{WIDTH - 6}" y="{middle + 4}" text-anchor="end" class="{tone}">'
        f"{words.signed(str(value))}</text></g>"
    )


def _bounds(delta: Delta, value: float) -> tuple[float, float]:
    bounds = delta["interval"]
    if bounds is None or not (_finite(bounds["low"]) and _finite(bounds["high"])):
        return value, value
    return float(bounds["low"]), float(bounds["high"])


def _margin(answer: Answer, delta: Delta) -> float:
    result = answer["results"].get(delta["key"]["name"])
    margin = result["margin"] if result is not None else None
    return float(margin) if margin is not None and _finite(margin) else 0.0


def _finite(number: str | None) -> bool:
    return number is not None and math.isfinite(float(number))
