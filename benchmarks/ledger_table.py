"""What the ledger's benchmarks share: an entry like those of real runs, medians, the table."""

import json
import logging
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass

import structlog

from ledger.entry import Draft
from telemetry.probe import measure

ROUNDS = 3


@dataclass(frozen=True)
class Row:
    """The median of one line of the table."""

    name: str
    per_second: float
    seconds: float
    memory_delta_bytes: int | None
    method: str
    ratio: float | None
    """To the floor in the same run: above 1 is faster than it; None for no floor."""


def quiet() -> None:
    """Log nothing but warnings: a terminal is slower than a ledger."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def entry_draft(idem: str) -> Draft:
    """Two points of a run, about 400 bytes as recorded."""
    points = [
        {"key": f"metric_{k}", "step": k, "timestamp": 1_700_000_000_000, "value": "0.9485"}
        for k in range(2)
    ]
    payload = {"run_id": idem.rjust(32, "0"), "points": points}
    return Draft("metrics.logged", "default", "bench", "mlflow", idem, payload)


def once(name: str, count: int, work: Callable[[], object]) -> Row:
    """Measure ``work``, which does ``count`` things, one time."""
    with measure() as m:
        work()
    per_second = count / m.wall_seconds
    return Row(name, per_second, m.wall_seconds, m.memory_delta_bytes, m.method, None)


def compare(count: int, works: dict[str, Callable[[], object]]) -> list[Row]:
    """Run each in turn, several rounds; the first is the floor of the others."""
    taken: dict[str, list[Row]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            taken[name].append(once(name, count, work))
    medians = {name: statistics.median(r.seconds for r in rows) for name, rows in taken.items()}
    floor = next(iter(medians.values()))
    return [
        Row(
            name=name,
            per_second=count / seconds,
            seconds=seconds,
            memory_delta_bytes=max(
                (r.memory_delta_bytes for r in taken[name] if r.memory_delta_bytes is not None),
                default=None,
            ),
            method=taken[name][0].method,
            ratio=floor / seconds,
        )
        for name, seconds in medians.items()
    ]


def print_rows(title: str, rows: list[Row], **more: object) -> None:
    """A table to read, then one JSON object."""
    print(f"{title}, medians of {ROUNDS} interleaved rounds where there is a ratio\n")
    print(f"{'':56}{'per second':>12}{'seconds':>10}{'memory delta':>14}{'ratio':>8}")
    for row in rows:
        delta = row.memory_delta_bytes
        memory = "?" if delta is None else f"{delta / 2**20:.1f} MiB"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"{row.name:56}{row.per_second:12,.0f}{row.seconds:10.2f}{memory:>14}{ratio:>8}")
    for name, value in more.items():
        print(f"{name.replace('_', ' '):56}{value}")
    print("\n" + json.dumps({**more, "rows": [asdict(row) for row in rows]}))
