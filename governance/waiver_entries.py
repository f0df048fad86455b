"""Records waivers in the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import structlog

from domain.approver import Signature
from domain.canonical import JsonObject
from domain.errors import ConflictError, ErrorCode, NotFoundError, UsageError
from domain.waiver import (
    WAIVER_REVOKED,
    WAIVER_SUBMITTED,
    WaiverDocument,
    WaiverSubmitted,
)
from governance.approvers import approvers
from governance.waiver import check_signatures, waiver_id
from governance.waiver_force import Waiver, recorded_waivers
from graph.port import GraphReader
from ledger.entry import Draft
from ledger.log import Log

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Registrar:
    """Who records, where."""

    log: Log
    graph: GraphReader
    catch_up: Callable[[], int]
    project: str
    source: str
    actor: str = ""

    def submit(
        self, document: WaiverDocument, signatures: Sequence[Signature], *, now: int
    ) -> Waiver:
        """Record a waiver; ``now`` is the time in ms.

        Raises ``UsageError``: SIGNATURE_INVALID, SIGNATURE_REVOKED, SIGNATURES_MISSING,
        WAIVER_EXPIRED, INVALID_ARGUMENT for another project's. Keys may be revoked at the same
        moment, so they are judged again, at the entry, wherever the waiver is used.
        """
        if document["project"] != self.project:
            raise UsageError(
                f"The waiver is for the project {document['project'][:60]!r}.",
                hint="Submit it there.",
            )
        size = self.catch_up()
        check_signatures(document, signatures, approvers(self.graph, self.project, as_of=size))
        if document["expires"] <= now:
            raise UsageError(
                "The waiver has ended already.",
                code=ErrorCode.WAIVER_EXPIRED,
                hint="Draft one that ends later.",
            )
        identity = waiver_id(document)
        payload: WaiverSubmitted = {
            "waiver_id": identity,
            "document": document,
            "signatures": sorted(signatures, key=lambda item: item["key"]),
        }
        self._append(WAIVER_SUBMITTED, cast("JsonObject", payload), f"waiver/{identity}")
        logger.info("waiver.submitted", waiver=identity)
        return self.require(identity)

    def revoke(self, identity: str, reason: str) -> None:
        """End a waiver before its time; ``NotFoundError`` when there is none of that id."""
        waiver = self.require(identity)
        if waiver.state != "revoked":
            payload: JsonObject = {"waiver_id": waiver.waiver_id, "reason": reason}
            self._append(WAIVER_REVOKED, payload, f"waiver/{waiver.waiver_id}/revoked")
            logger.info("waiver.revoked", waiver=waiver.waiver_id)

    def require(self, identity: str) -> Waiver:
        """The recorded waiver of that id."""
        size = self.catch_up()
        for waiver in recorded_waivers(self.graph, self.project, as_of=size):
            if waiver.waiver_id == identity:
                return waiver
        raise NotFoundError(
            f"No waiver {identity[:80]!r} is recorded in the project {self.project!r}.",
            hint="See `lineproof waiver list`.",
        )

    def _append(self, kind: str, payload: JsonObject, idem: str) -> None:
        draft = Draft(kind, self.project, self.actor, self.source, idem, payload)
        try:
            self.log.append([draft])
        except ConflictError as error:
            raise ConflictError(
                "The same is recorded already, in other words.",
                code=error.code,
                hint="See `lineproof waiver list`; draft a new waiver to change one.",
            ) from error
        self.log.publish()
        self.catch_up()
