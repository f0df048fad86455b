"""Everything that a client may ask by name: one table for HTTP and for the command line.

Each operation takes a JSON object and gives one. ``POST /operations/<name>`` and
``lineproof.cli.backend.Backend.ask`` both end here, so both give the same answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from domain.canonical import JsonObject
from domain.errors import NotFoundError
from governance.field_reader import near
from lineproof import (
    approvers,
    audits,
    doctor,
    imported_files,
    imports,
    policies,
    quarantines,
    readiness,
    schedules,
    signatures,
    verdicts,
    waivers,
)
from lineproof.exports import pages

if TYPE_CHECKING:
    from lineproof.services import Services


Perform: TypeAlias = Callable[["Services", JsonObject, str, str], JsonObject]
"""(services, arguments, project, source)"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation."""

    perform: Perform
    writes: bool
    """Whether it may append to the ledger."""


OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {
        "approver.list": Operation(approvers.listed, writes=False),
        "approver.set": Operation(approvers.change, writes=True),
        "audit.bundle": Operation(audits.bundle, writes=False),
        "gate.ready": Operation(readiness.ready, writes=False),
        "policy.history": Operation(policies.history, writes=False),
        "policy.list": Operation(policies.in_force, writes=False),
        "policy.test": Operation(policies.test, writes=False),
        "graph.page": Operation(pages.graph, writes=False),
        "points.page": Operation(pages.points, writes=False),
        "files.wanted": Operation(imported_files.wanted_files, writes=False),
        "records.import": Operation(imports.import_records, writes=True),
        "quarantine.condemn": Operation(quarantines.condemn, writes=True),
        "quarantine.heal": Operation(quarantines.heal, writes=False),
        "quarantine.healed": Operation(quarantines.healed, writes=False),
        "quarantine.hold": Operation(quarantines.hold, writes=True),
        "quarantine.impact": Operation(quarantines.impact, writes=False),
        "quarantine.list": Operation(quarantines.holds, writes=False),
        "quarantine.release": Operation(quarantines.release, writes=True),
        "schedule.diff": Operation(schedules.diff, writes=False),
        "schedule.run": Operation(schedules.run, writes=True),
        "schedule.show": Operation(schedules.show, writes=False),
        "signature.list": Operation(signatures.listed, writes=False),
        "signature.revoke": Operation(signatures.revoke, writes=True),
        "signature.submit": Operation(signatures.submit, writes=True),
        "run.doctor": Operation(doctor.diagnose, writes=False),
        "verdict.explain": Operation(verdicts.explain, writes=False),
        "verdict.vsa": Operation(verdicts.summary, writes=False),
        "waiver.list": Operation(waivers.listed, writes=False),
        "waiver.revoke": Operation(waivers.revoke, writes=True),
        "waiver.submit": Operation(waivers.submit, writes=True),
    }
)


def perform(
    services: "Services", name: str, arguments: JsonObject, *, project: str, source: str
) -> JsonObject:
    """Carry out one operation; ``NotFoundError`` when there is none of that name."""
    operation = OPERATIONS.get(name)
    if operation is None:
        raise NotFoundError(
            f"There is no operation {name[:60]!r}.", hint=near(name, OPERATIONS), context={}
        )
    return operation.perform(services, arguments, project, source)
