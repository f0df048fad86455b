"""Quarantine and waivers."""

import strawberry

from domain.canonical import JsonObject
from governance.holds import Hold
from governance.policy_history import Application
from governance.waiver_force import Waiver
from schema.scalars import BigInt, Json


@strawberry.type(description="A root under quarantine, with the closure that was last recorded.")
class QuarantineHold:
    """A root under quarantine."""

    root: str = strawberry.field(description="Graph node id: `run:…` or `artifact:…`.")
    state: str = strawberry.field(description="`held` or `condemned`.")
    reason: str = strawberry.field(description="Why; any text.")
    trigger: str = strawberry.field(description="`person`, `rule` or `digest_mismatch`.")
    leaf_index: BigInt = strawberry.field(description="The entry that put it there.")
    closure_digest: str = strawberry.field(description="`sha256:` of the ordered node ids.")
    count: int = strawberry.field(description="How many nodes the closure had.")
    at_seq: BigInt = strawberry.field(description="The tree size at which it was taken.")
    waiver: str | None = strawberry.field(
        description="The waiver that lifts it, by the ledger's time."
    )


@strawberry.type(description="A recorded waiver.")
class WaiverRecord:
    """A recorded waiver."""

    id: str = strawberry.field(description="`sha256:` of its document.")
    document: Json = strawberry.field(description="What was signed.")
    signed_by: list[str] = strawberry.field(description="The approvers; empty if not enough.")
    leaf_index: BigInt = strawberry.field(description="The entry that submitted it.")
    state: str = strawberry.field(description="`submitted`, `revoked` or `expired`.")
    in_force: bool = strawberry.field(description="Whether it counts at the ledger's time there.")


@strawberry.type(description="One time that a version of a policy came into force.")
class PolicyApplication:
    """One time that a version of a policy came into force."""

    leaf_index: BigInt = strawberry.field(description="The entry that applied it.")
    digest: str = strawberry.field(description="The version.")


def hold_of(hold: Hold) -> QuarantineHold:
    """The GraphQL object of ``hold``."""
    return QuarantineHold(
        root=hold.root,
        state=hold.state.value,
        reason=hold.reason,
        trigger=hold.trigger,
        leaf_index=BigInt(hold.held_at),
        closure_digest=hold.closure_digest,
        count=hold.count,
        at_seq=BigInt(hold.at_seq),
        waiver=hold.waiver,
    )


def waiver_of(waiver: Waiver, at: int) -> WaiverRecord:
    """The GraphQL object of ``waiver`` at the ledger's time ``at``, ms."""
    document: JsonObject = {**waiver.document}  # type: ignore[dict-item]
    return WaiverRecord(
        id=waiver.waiver_id,
        document=Json(document),
        signed_by=list(waiver.signed_by),
        leaf_index=BigInt(waiver.seq),
        state=waiver.state,
        in_force=waiver.in_force(at),
    )


def application_of(found: Application) -> PolicyApplication:
    """The GraphQL object of ``found``."""
    return PolicyApplication(leaf_index=BigInt(found.seq), digest=found.digest)
