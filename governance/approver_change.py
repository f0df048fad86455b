"""Changes of who may sign: k of the approvers in force must sign them, the first set aside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import structlog

from domain.approver import (
    APPROVERS_SET,
    CHANGE_PREFIX,
    CHANGE_VERSION,
    FIRST,
    ApproversChange,
    ApproversSet,
    Signature,
)
from domain.canonical import JsonObject, JsonValue, canonical_bytes
from domain.errors import ConflictError
from governance.approvers import MAX_KEYS, Approvers, approvers, replaced
from governance.quorum import sign_bytes, signed_by
from governance.request_reader import object_of, refused, required_text, text_list
from graph.port import GraphReader
from ledger.entry import Draft
from ledger.log import Log
from ledger.signing import Signer

logger = structlog.get_logger()

_MEMBERS = ("version", "project", "after", "threshold", "keys", "signers")


def change_document(body: JsonValue) -> ApproversChange:
    """The change in ``body``; ``UsageError`` (INVALID_ARGUMENT) unless it is a whole one."""
    fields = object_of(body, "the change", _MEMBERS)
    if fields.get("version") != CHANGE_VERSION:
        raise refused(f"'version' of the change must be {CHANGE_VERSION}")
    return {
        "version": CHANGE_VERSION,
        "project": required_text(fields, "project", limit=250),
        "after": _whole(fields, "after"),
        "threshold": _whole(fields, "threshold"),
        "keys": list(text_list(fields, "keys", most=MAX_KEYS, limit=500)),
        "signers": list(text_list(fields, "signers", most=MAX_KEYS, limit=500)),
    }


def sign_change(change: ApproversChange, signer: Signer) -> Signature:
    """The signature of one approver."""
    return sign_bytes(_signed_bytes(change), signer)


@dataclass(frozen=True, slots=True)
class ApproverRegistrar:
    """Who records changes, where."""

    log: Log
    graph: GraphReader
    catch_up: Callable[[], int]
    project: str
    source: str
    actor: str = ""

    def change(self, change: ApproversChange, signatures: Sequence[Signature]) -> Approvers:
        """Put a change in force.

        Raises as ``governance.approvers.replaced`` and ``governance.quorum.signed_by``;
        ``ConflictError`` when the set that it comes after is not the one in force.
        """
        if change["project"] != self.project:
            raise refused(f"the change is for the project {change['project'][:60]!r}")
        before = approvers(self.graph, self.project, as_of=self.catch_up())
        if change["after"] != (FIRST if before.seq is None else before.seq):
            raise _overtaken()
        after = replaced(before, change["threshold"], change["keys"], change["signers"])
        if before.keys:
            signed_by(_signed_bytes(change), signatures, before, what="change")
        payload: ApproversSet = {
            **after.payload(),
            "change": change,
            "signatures": sorted(signatures, key=lambda item: item["key"]),
        }
        # One change comes after each set, whoever else submits another at the same moment.
        idem = f"approvers/after/{change['after']}"
        body = cast("JsonObject", payload)
        draft = Draft(APPROVERS_SET, self.project, self.actor, self.source, idem, body)
        try:
            self.log.append([draft])
        except ConflictError as error:
            raise _overtaken() from error
        self.log.publish()
        names = [key.name for key in after.keys]
        logger.info("approvers.changed", threshold=after.threshold, keys=names)
        return approvers(self.graph, self.project, as_of=self.catch_up())


def _signed_bytes(change: ApproversChange) -> bytes:
    return CHANGE_PREFIX + canonical_bytes(cast("JsonObject", change))


def _overtaken() -> ConflictError:
    return ConflictError(
        "The approvers in force are not those that this change comes after.",
        hint="Draft it again with `lineproof approver draft`, and have it signed again.",
    )


def _whole(fields: JsonObject, name: str) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not FIRST <= value < 2**53:
        raise refused(f"{name!r} must be a whole number")
    return value
