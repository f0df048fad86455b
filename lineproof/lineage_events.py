"""Recording OpenLineage events: judged one after the other, for each depends on those before it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from domain.canonical import JsonValue
from domain.errors import ConflictError, ErrorCode, LineproofError
from ingest.openlineage.event import read_event
from ingest.openlineage.plan import plan_event

if TYPE_CHECKING:
    from lineproof.services import Services

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one event."""

    entries: int
    """Entries that it added: 0 when everything it says was recorded already."""
    error: LineproofError | None = None


@dataclass(frozen=True, slots=True)
class LineageEvents:
    """The recorder over an open data folder. Thread-safe."""

    services: "Services"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, body: JsonValue, *, project: str) -> Recorded:
        """Record one event, all of it or nothing. Raises what ``read_event`` and ``plan_event`` do.

        An event that is recorded already adds nothing, whatever has happened since.
        """
        event = read_event(body)
        with self._lock:
            self.services.catch_up()
            drafts = plan_event(self.services.graph, project, event)
            try:
                receipts = self.services.log.append(drafts)
            except ConflictError as error:
                if error.code is not ErrorCode.IDEMPOTENCY_CONFLICT:
                    raise
                # The key is the event's digest: this very event, resolved against an older state.
                return Recorded(entries=0)
        fresh = sum(1 for receipt in receipts if not receipt.repeated)
        log.info(
            "run.ingested",
            project=project,
            subject=event.run_id or (event.job.full_name if event.job else "dataset"),
            entries=[draft.type for draft in drafts][:10] if fresh else [],
        )
        return Recorded(entries=fresh)

    def record_each(self, bodies: Iterable[JsonValue], *, project: str) -> list[Recorded]:
        """Record events in order; one that is refused does not keep the others out."""
        results: list[Recorded] = []
        for body in bodies:
            try:
                results.append(self.record(body, project=project))
            except LineproofError as error:
                results.append(Recorded(entries=0, error=error))
        return results
