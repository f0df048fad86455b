"""Recording OpenLineage events: judged one after the other, for each depends on those before it."""

from collections.abc import Iterable
from dataclasses import dataclass
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


def record_event(services: "Services", body: JsonValue, *, project: str) -> Recorded:
    """Record one event, all of it or nothing. Raises what ``read_event`` and ``plan_event`` do.

    An event that is recorded already adds nothing, whatever has happened since.
    """
    with services.judging:
        return Recorded(judge_event(services, body, project=project, dry=False))


def record_events(
    services: "Services", bodies: Iterable[JsonValue], *, project: str
) -> list[Recorded]:
    """Record events in order; one that is refused does not keep the others out."""
    results: list[Recorded] = []
    for body in bodies:
        try:
            results.append(record_event(services, body, project=project))
        except LineproofError as error:
            results.append(Recorded(entries=0, error=error))
    return results


def judge_event(services: "Services", body: JsonValue, *, project: str, dry: bool) -> int:
    """The entries that an event adds, ``dry`` or not. The caller holds ``services.judging``."""
    event = read_event(body)
    services.catch_up_graph()
    drafts = plan_event(services.graph, project, event)
    if dry:
        return len(drafts)
    try:
        receipts = services.log.append(drafts)
    except ConflictError as error:
        if error.code is not ErrorCode.IDEMPOTENCY_CONFLICT:
            raise
        # The key is the event's digest: this very event, resolved against an older state.
        return 0
    fresh = sum(1 for receipt in receipts if not receipt.repeated)
    log.info(
        "run.ingested",
        project=project,
        subject=event.run_id or (event.job.full_name if event.job else "dataset"),
        entries=[draft.type for draft in drafts][:10] if fresh else [],
    )
    return fresh
