"""Recording OpenLineage events: judged one after the other, for each depends on those before it.

Events that come together, in one request or in several, are judged over one state of the graph and
what those before them add to it, and appended as one unit.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from domain.canonical import JsonValue
from domain.errors import ConflictError, ErrorCode, LineproofError, UsageError
from ingest.openlineage.event import LineageEvent, read_event
from lineproof.planned_events import PlannedEvents

if TYPE_CHECKING:
    from lineproof.services import Services

MAX_TOGETHER: Final = 1_000
"""Events beyond which no further request joins those that are judged together."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one event."""

    entries: int
    """Entries that it added: 0 when everything it says was recorded already."""
    error: LineproofError | None = None


_KNOWN: Final = Recorded(entries=0)
_Told: TypeAlias = "tuple[str, LineageEvent | LineproofError]"
"""A project and an event, or why it is none."""


@dataclass(slots=True)
class _Request:
    project: str
    events: list[LineageEvent | LineproofError]
    answer: list[Recorded] = field(default_factory=list[Recorded])
    failure: Exception | None = None
    is_done: bool = False


class LineageEvents:
    """Records the events of all requests. Thread-safe."""

    def __init__(self, services: "Services") -> None:
        self._services = services
        self._waiting: deque[_Request] = deque()

    def record(self, bodies: Iterable[JsonValue], *, project: str) -> list[Recorded]:
        """Record events in order; one that is refused does not keep the others out.

        An event is recorded whole or not at all. One that is recorded already adds nothing,
        whatever has happened since. Errors are what ``read_event``, ``plan_event`` and
        ``Log.append`` raise.
        """
        request = _Request(project, [_read(body) for body in bodies])
        self._waiting.append(request)
        with self._services.judging:
            # Whoever held the lock before may have judged this request, too.
            if not request.is_done:
                self._record_waiting()
        if request.failure is not None:
            raise request.failure
        added = sum(one.entries for one in request.answer)
        if added:
            log.info("run.ingested", project=project, events=len(request.events), entries=added)
        return request.answer

    def _record_waiting(self) -> None:
        """Judge what waits, in the order in which it came. The caller holds the lock."""
        requests: list[_Request] = []
        events = 0
        while self._waiting and (not requests or events < MAX_TOGETHER):
            requests.append(self._waiting.popleft())
            events += len(requests[-1].events)
        told = [(request.project, event) for request in requests for event in request.events]
        try:
            answers = iter(_record(self._services, told))
            for request in requests:
                request.answer = [next(answers) for _ in request.events]
        except Exception as error:  # noqa: BLE001 - whatever it is, every request must hear of it
            for request in requests:
                request.failure = error
        for request in requests:
            request.is_done = True


def judge_event(services: "Services", body: JsonValue, *, project: str, dry: bool) -> int:
    """The entries that an event adds, ``dry`` or not. The caller holds ``services.judging``.

    Raises what ``LineageEvents.record`` says.
    """
    event = read_event(body)
    if dry:
        return PlannedEvents(services, [(project, event)]).add(project, event)
    (recorded,) = _record(services, [(project, event)])
    if recorded.error is not None:
        raise recorded.error
    return recorded.entries


def _read(body: JsonValue) -> LineageEvent | LineproofError:
    try:
        return read_event(body)
    except LineproofError as error:
        return error


def _record(services: "Services", told: Sequence[_Told]) -> list[Recorded]:
    """Judge the events and append what they come to; one answer for each."""
    try:
        events = [(project, one) for project, one in told if isinstance(one, LineageEvent)]
        planned = PlannedEvents(services, events)
    except LineproofError as error:
        return [_refused(error)] * len(told)
    counts = [_count(planned, project, event) for project, event in told]
    try:
        receipts = iter(services.log.append(planned.drafts))
    except (ConflictError, UsageError) as error:
        if len(told) > 1:
            # One of them cannot be recorded, or another process was faster: each is judged alone.
            return [one for pair in told for one in _record(services, [pair])]
        # The key is the event's digest: this very event, resolved against an older state.
        is_known = error.code is ErrorCode.IDEMPOTENCY_CONFLICT
        return [_KNOWN if is_known else _refused(error)]
    except LineproofError as error:
        failed = _refused(error)
        return [one if isinstance(one, Recorded) else failed if one else _KNOWN for one in counts]
    return [
        count
        if isinstance(count, Recorded)
        else Recorded(sum(not next(receipts).repeated for _ in range(count)))
        for count in counts
    ]


def _count(
    planned: PlannedEvents, project: str, event: LineageEvent | LineproofError
) -> int | Recorded:
    """The drafts of one event, or why there are none."""
    if isinstance(event, LineproofError):
        return _refused(event)
    try:
        return planned.add(project, event)
    except LineproofError as error:
        return _refused(error)


def _refused(error: LineproofError) -> Recorded:
    return Recorded(entries=0, error=error)
