"""Works measured in turn, so that what else the machine does falls on all of them alike."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from telemetry.probe import measure

MIB = 2**20


@dataclass(frozen=True)
class Row:
    """What the calls of one work took; milliseconds. CPU time is that of all its threads."""

    name: str
    result: int
    """What the work returned: how many of something it found."""
    first_ms: float
    """The very first call, before anything was warm."""
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    memory_delta_bytes: int


def interleaved(works: Mapping[str, Callable[[], int]], rounds: int) -> list[Row]:
    """Each once to warm it, then each in turn, ``rounds`` times."""
    first: dict[str, tuple[int, float]] = {}
    for name, work in works.items():
        started = time.perf_counter()
        found = work()
        first[name] = found, (time.perf_counter() - started) * 1000
    taken: dict[str, list[tuple[float, float, int]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            with measure() as m:
                cpu = time.process_time()  # In here: setting the peak back costs CPU time itself.
                work()
                cpu = time.process_time() - cpu
            taken[name].append((m.wall_seconds * 1000, cpu * 1000, m.memory_delta_bytes or 0))
    return [
        Row(
            name=name,
            result=first[name][0],
            first_ms=first[name][1],
            p50_ms=quantile([wall for wall, _, _ in calls], 0.5),
            p99_ms=quantile([wall for wall, _, _ in calls], 0.99),
            cpu_ms=quantile([cpu for _, cpu, _ in calls], 0.5),
            memory_delta_bytes=max(memory for _, _, memory in calls),
        )
        for name, calls in taken.items()
    ]


def quantile(values: list[float], level: float) -> float:
    """The smallest value that at least ``level`` of them do not exceed."""
    return sorted(values)[math.ceil(level * len(values)) - 1]


def print_rows(rows: list[Row]) -> None:
    """A table for people."""
    width = max(len(row.name) for row in rows) + 2
    heads = f"{'found':>9}{'first ms':>11}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>10}{'memory':>13}"
    print(f"\n{'':{width}}{heads}")
    for row in rows:
        memory = f"{row.memory_delta_bytes / MIB:.1f} MiB"
        print(
            f"{row.name:{width}}{row.result:9,}{row.first_ms:11.2f}{row.p50_ms:10.2f}"
            f"{row.p99_ms:10.2f}{row.cpu_ms:10.2f}{memory:>13}"
        )


def ratio(rows: list[Row], ours: str, peer: str) -> dict[str, Any]:
    """How many times what ``ours`` took ``peer`` took: above 1 we are faster."""
    by_name = {row.name: row for row in rows}
    mine, theirs = by_name[ours], by_name[peer]
    found = {
        "ours": ours,
        "peer": peer,
        "wall": theirs.p50_ms / mine.p50_ms,
        "cpu": theirs.cpu_ms / max(mine.cpu_ms, 1e-6),
    }
    print(f"{peer} / {ours}: wall {found['wall']:.2f} x, CPU {found['cpu']:.2f} x")
    return found


def as_json(rows: list[Row]) -> list[dict[str, Any]]:
    """Rows as JSON has them."""
    return [asdict(row) for row in rows]
