"""The order of work as a pure function of what is to be done: algorithm ``kahn-hash/1``.

Kahn's algorithm over the tasks' needs; among the tasks that are ready, the one with the least
``(-priority, sha256(seed ‖ 0x00 ‖ task), task)`` comes first. The digest of the whole schedule is
what the ledger keeps, before the first task runs.
"""

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from domain.canonical import JsonObject, canonical_digest
from domain.errors import ErrorCode, UsageError

ALGORITHM: Final = "kahn-hash/1"


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work."""

    id: str
    needs: tuple[str, ...] = ()
    """Ids of tasks that come before it; others than those scheduled do not count."""
    priority: int = 0
    """Higher comes first among what is ready."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Tasks in the order in which their results are committed."""

    seed: str
    tasks: tuple[Task, ...]

    def document(self) -> JsonObject:
        """The canonical form."""
        return {
            "algorithm": ALGORITHM,
            "seed": self.seed,
            "tasks": [
                {"id": task.id, "needs": sorted(task.needs), "priority": task.priority}
                for task in self.tasks
            ],
        }

    def digest(self) -> str:
        """``sha256:`` of the canonical document."""
        return canonical_digest(self.document())


def scheduled(tasks: Iterable[Task], seed: str) -> Schedule:
    """The schedule, whatever the order in which ``tasks`` are given.

    Raises ``UsageError`` (LINEAGE_CYCLE) when tasks need each other, (INVALID_ARGUMENT) when two
    have one id.
    """
    by_id: dict[str, Task] = {}
    for task in tasks:
        if task.id in by_id:
            raise UsageError(f"Two tasks have the id {task.id[:80]!r}.")
        by_id[task.id] = task
    waiting = {task.id: {need for need in task.needs if need in by_id} for task in by_id.values()}
    after: dict[str, list[str]] = {task: [] for task in by_id}
    for name, needs in waiting.items():
        for need in needs:
            after[need].append(name)
    ready = [_key(by_id[task], seed) for task, needs in waiting.items() if not needs]
    heapq.heapify(ready)
    order: list[Task] = []
    while ready:
        _, _, task_id = heapq.heappop(ready)
        order.append(by_id[task_id])
        for later in after[task_id]:
            waiting[later].discard(task_id)
            if not waiting[later]:
                heapq.heappush(ready, _key(by_id[later], seed))
    if len(order) < len(by_id):
        raise UsageError(
            f"{len(by_id) - len(order)} tasks need each other, so none can come first.",
            code=ErrorCode.LINEAGE_CYCLE,
        )
    return Schedule(seed, tuple(order))


@dataclass(frozen=True, slots=True)
class Move:
    """A task that stands elsewhere in another schedule, or in one of them only."""

    task: str
    before: int | None
    after: int | None
    reason: str


def schedule_moves(before: Schedule, after: Schedule) -> tuple[Move, ...]:
    """What changed of its own (priority, needs, presence), not what was merely pushed along.

    With another seed every ready task may move, and that is the one reason given.
    """
    left = {task.id: (index, task) for index, task in enumerate(before.tasks)}
    right = {task.id: (index, task) for index, task in enumerate(after.tasks)}
    moves: list[Move] = []
    for task_id in sorted({*left, *right}):
        if task_id not in right:
            moves.append(Move(task_id, left[task_id][0], None, "removed"))
        elif task_id not in left:
            moves.append(Move(task_id, None, right[task_id][0], "added"))
        else:
            (old, one), (new, two) = left[task_id], right[task_id]
            reason = _reason(one, two) or ("seed" if before.seed != after.seed else "")
            if reason and (old != new or _reason(one, two)):
                moves.append(Move(task_id, old, new, reason))
    return tuple(moves)


def _reason(one: Task, two: Task) -> str:
    reasons: Sequence[str] = [
        *([f"priority {one.priority} to {two.priority}"] if one.priority != two.priority else []),
        *(["needs"] if sorted(one.needs) != sorted(two.needs) else []),
    ]
    return " and ".join(reasons)


def _key(task: Task, seed: str) -> tuple[int, bytes, str]:
    digest = hashlib.sha256(seed.encode() + b"\0" + task.id.encode()).digest()
    return -task.priority, digest, task.id
