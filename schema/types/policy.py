"""Declared policies."""

import strawberry

from resolvers.policies import PolicyRecord
from schema.global_ids import global_id
from schema.scalars import BigInt, Json
from schema.types.node import NodeInterface


@strawberry.type(description="One version of a declared policy; its digest is its identity.")
class Policy(NodeInterface):
    """One version of a declared policy."""

    name: str = strawberry.field(description="Its name in `lineproof.yaml`.")
    digest: str = strawberry.field(description="`sha256:` of the canonical document.")
    document: Json = strawberry.field(
        description="The canonical document: defaults written out, with the metrics it reads."
    )
    leaf_index: BigInt = strawberry.field(description="The ledger entry that first declared it.")
    applied_leaf_index: BigInt = strawberry.field(
        description="The ledger entry that last put it in force."
    )


def policy_of(record: PolicyRecord) -> Policy:
    """The GraphQL object of ``record``."""
    return Policy(
        id=strawberry.ID(global_id("Policy", record.policy_id)),
        name=record.name,
        digest=record.digest,
        document=Json(record.document),
        leaf_index=BigInt(record.seq),
        applied_leaf_index=BigInt(record.applied_at),
    )
