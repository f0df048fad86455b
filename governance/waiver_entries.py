"""Records approvers and waivers in the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import structlog

from domain.canonical import JsonObject, canonical_digest
from domain.errors import ConflictError, ErrorCode, NotFoundError, UsageError
from domain.waiver import (
    APPROVERS_SET,
    WAIVER_REVOKED,
    WAIVER_SUBMITTED,
    WaiverDocument,
    WaiverSignature,
    WaiverSubmitted,
)
from governance.approvers import Approvers, approvers, replaced
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

    def set_approvers(self, threshold: int, vkeys: Sequence[str]) -> Approvers:
        """Put a set of approvers in force; raises as ``governance.approvers.replaced``."""
        size = self.catch_up()
        before = approvers(self.graph, self.project, as_of=size)
        after = replaced(before, threshold, vkeys)
        if after == before:
            return after
        # The set before makes the key: going back to an older set is a change of its own.
        previous = canonical_digest(cast("JsonObject", before.payload()))
        digest = canonical_digest(cast("JsonObject", after.payload()))
        payload = cast("JsonObject", after.payload())
        self._append(APPROVERS_SET, payload, f"approvers/{previous}/{digest}")
        logger.info("approvers.changed", threshold=threshold, keys=[key.name for key in after.keys])
        return after

    def submit(
        self, document: WaiverDocument, signatures: Sequence[WaiverSignature], *, now: int
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
