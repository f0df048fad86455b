"""Drafts and logs for the ledger's tests."""

from pathlib import Path

from domain.canonical import JsonObject
from domain.clock import Clock, FrozenClock
from ledger.entry import Draft
from ledger.log import Log


def draft(idem: str, *, payload: JsonObject | None = None, project: str = "p") -> Draft:
    """A draft whose content depends on ``idem`` unless a payload is given."""
    return Draft(
        type="run.started",
        project=project,
        actor="tester",
        source="test",
        idem=idem,
        payload={"run_id": idem} if payload is None else payload,
    )


def open_log(data: Path, *, clock: Clock | None = None, background: bool = False) -> Log:
    """A log that publishes only when it is asked to."""
    return Log.open(data, clock=clock or FrozenClock(1_000), background=background)


def fill(log: Log, count: int, *, publish_every: int = 10_000, prefix: str = "e") -> None:
    """Append ``count`` entries, publishing now and then, so that partial tiles come to be."""
    for start in range(0, count, publish_every):
        stop = min(start + publish_every, count)
        log.append([draft(f"{prefix}{i}") for i in range(start, stop)])
        log.publish()
