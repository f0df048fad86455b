"""Scheduled work of governance: the order stands in the ledger before the work, results after."""

from enum import StrEnum
from typing import Final, TypedDict

from domain.canonical import JsonObject

SCHEDULE_COMMITTED: Final = "schedule.committed"
TASK_COMMITTED: Final = "task.committed"


class TaskState(StrEnum):
    """How a task ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Something that it needs failed."""


class ScheduleCommitted(TypedDict):
    """Payload of ``schedule.committed``."""

    digest: str
    schedule: JsonObject
    """``governance.schedule.Schedule.document``."""
    position: int
    """The tree size that every task reads at."""
    at: int
    """The ledger's time there, ms."""


class TaskCommitted(TypedDict):
    """Payload of ``task.committed``."""

    schedule: str
    """The schedule's digest."""
    index: int
    task: str
    state: str
    result: JsonObject
    last: bool
    """Whether the schedule is complete with it."""
