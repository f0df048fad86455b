"""A curve over a logarithmic axis as a self-contained SVG."""

import math
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 360, 60, 40, 20, 250
COLOURS = ("#1f6feb", "#2da44e", "#8c959f")


@dataclass(frozen=True)
class Point:
    """One measurement."""

    size: int
    name: str
    milliseconds: float


def curve(points: list[Point]) -> str:
    """Milliseconds over the number of runs, a line for each name, in the order of the points."""
    sizes = sorted({point.size for point in points})
    highest = max(point.milliseconds for point in points) * 1.1
    names = list(dict.fromkeys(point.name for point in points))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12" role="img">',
        "<title>Time of a comparison over the number of runs in the store</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for size in sizes:
        x = _x(size, sizes)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eaeef2"/>')
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{size:,}", "middle"))
    for quarter in range(5):
        value = highest * quarter / 4
        y = _y(value, highest)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#eaeef2"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{value:.1f}", "end"))
    parts.append(_text(LEFT, TOP - 6, "CPU ms, p50", "start"))
    for number, name in enumerate(names):
        colour = COLOURS[number % len(COLOURS)]
        line = [point for point in points if point.name == name]
        at = [(_x(p.size, sizes), _y(p.milliseconds, highest)) for p in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
        parts.append(_text(WIDTH - RIGHT + 10, TOP + 16 + 18 * number, name, "start", colour))
    return "\n".join([*parts, "</svg>", ""])


def _x(size: int, sizes: list[int]) -> float:
    low, high = math.log(sizes[0]), math.log(sizes[-1])
    share = (math.log(size) - low) / (high - low) if high > low else 0.5
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, highest: float) -> float:
    return HEIGHT - BOTTOM - value / highest * (HEIGHT - BOTTOM - TOP)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#57606a") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"
