"""Derives recorded schedules again: same prefix, same tasks, same order, committed in that order.

For each ``schedule.committed`` entry:

1. the seed is the tree's root at its position, and what was due there, put in order by it, is the
   schedule that it states;
2. its ``task.committed`` entries stand in that order, each once, and close it or are still going
   on at the end of the ledger.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from analytics.facts import SummaryReader
from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, IntegrityError
from domain.schedule import SCHEDULE_COMMITTED, TASK_COMMITTED
from governance.divergence import first_divergence
from governance.schedule import Schedule, scheduled
from governance.sweep import Sweep
from graph.port import GraphReader
from ledger import merkle
from ledger.entry import Entry
from ledger.log import Log


@dataclass(frozen=True, slots=True)
class ReplayedSchedule:
    """A schedule that came out as it is recorded."""

    digest: str
    seq: int
    committed: int
    """Tasks whose results stand in the ledger, in order."""
    tasks: int


class _Due:
    """What was due at a position, in its order."""

    def __init__(self, log: Log, graph: GraphReader, metrics: SummaryReader, size: int) -> None:
        self._log = log
        self._parts = (log, graph, metrics, lambda: size)
        self._folded: tuple[int, merkle.Edge] = (0, ())

    def at(self, project: str, position: int, at: int | None) -> Schedule:
        """The schedule that a sweep of the project plans there."""
        tasks = Sweep(*self._parts, project, "replay").due(position, at)
        size, edge = self._folded if self._folded[0] <= position else (0, ())
        self._folded = merkle.extend(size, edge, self._log.leaves(size, position))
        root = merkle.root(self._folded[1])
        return scheduled(tasks, base64.b64encode(root).decode("ascii"))


def replay_schedules(
    log: Log, *, graph: GraphReader, metrics: SummaryReader
) -> tuple[ReplayedSchedule, ...]:
    """Replay every schedule of the ledger, in order; the stores must have caught up with it.

    Raises ``IntegrityError`` (REPLAY_DIVERGED) at the first that does not come out the same.
    """
    size = log.head().size
    due = _Due(log, graph, metrics, size)
    done: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str], tuple[Entry, Schedule]] = {}
    for entry in log.read(0, size):
        if entry.type == SCHEDULE_COMMITTED:
            schedule = _derived(entry, due)
            found[entry.project, schedule.digest()] = entry, schedule
        elif entry.type == TASK_COMMITTED:
            key = entry.project, str(entry.payload.get("schedule"))
            if key not in found:
                _diverged(entry, "schedule", key[1], "a schedule that is recorded before")
            _check_task(entry, found[key][1], done.get(key, 0))
            done[key] = done.get(key, 0) + 1
    return tuple(
        ReplayedSchedule(digest, entry.seq, done.get((project, digest), 0), len(schedule.tasks))
        for (project, digest), (entry, schedule) in found.items()
    )


def _derived(entry: Entry, due: _Due) -> Schedule:
    position, at = _number(entry, "position"), _number(entry, "at")
    if position > entry.seq:
        _diverged(entry, "position", position, f"at most {entry.seq}")
    schedule = due.at(entry.project, position, at or None)
    payload: JsonObject = {
        "digest": schedule.digest(),
        "schedule": schedule.document(),
        "position": position,
        "at": at,
    }
    difference = first_divergence(entry.payload, payload)
    if difference is not None:
        _diverged(entry, difference.path, difference.expected, difference.actual)
    return schedule


def _check_task(entry: Entry, schedule: Schedule, index: int) -> None:
    if index >= len(schedule.tasks):
        _diverged(entry, "index", _number(entry, "index"), "no more tasks")
    wanted: Mapping[str, JsonValue] = {
        "index": index,
        "task": schedule.tasks[index].id,
        "last": index + 1 == len(schedule.tasks),
    }
    for name, value in wanted.items():
        if entry.payload.get(name) != value:
            _diverged(entry, name, entry.payload.get(name), value)


def _number(entry: Entry, name: str) -> int:
    value = entry.payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        _diverged(entry, name, value, "a whole number")
    return value


def _diverged(entry: Entry, path: str, expected: object, actual: object) -> NoReturn:
    raise IntegrityError(
        f"Entry {entry.seq} does not come out again: {path} is recorded as {expected} and derived "
        f"as {actual}.",
        code=ErrorCode.REPLAY_DIVERGED,
        hint="Verify the ledger and rebuild the projections; if it still diverges, do not trust "
        "what was done by it.",
        context={"seq": entry.seq, "kind": "schedule", "path": path},
    )
