"""Ledger entries and their proofs."""

import strawberry

from governance.verdict import VerdictProof, verdict_proof
from ledger.entry import Entry
from resolvers import ledger_entries
from schema.context import LineproofInfo
from schema.global_ids import global_id
from schema.resolved import resolved
from schema.scalars import BigInt, Json, Timestamp
from schema.types.node import NodeInterface


@strawberry.type(description="That an entry stands in a signed tree (RFC 9162, C2SP tlog).")
class LedgerProof:
    """That an entry stands in a signed tree."""

    leaf_index: BigInt = strawberry.field(description="The entry's position.")
    tree_size: BigInt = strawberry.field(description="The size of the signed tree.")
    root_hash: str = strawberry.field(description="Its root, base64.")
    inclusion: list[str] = strawberry.field(
        description="The path from the leaf's sibling to the root, base64."
    )
    checkpoint: str = strawberry.field(description="The signed note over size and root.")
    text: str = strawberry.field(
        description="The whole C2SP tlog-proof file: check it offline, with the verifier's key."
    )


@strawberry.type(description="One entry of the append-only ledger.")
class LedgerEntry(NodeInterface):
    """One entry of the append-only ledger."""

    leaf_index: BigInt = strawberry.field(description="Its position: the only order there is.")
    type: str = strawberry.field(description="`noun.past_verb`, for example `run.started`.")
    actor: str = strawberry.field(description="Who asked for it.")
    source: str = strawberry.field(description="Which door it came through.")
    idempotency_key: str = strawberry.field(description="One key with one content stands once.")
    at: Timestamp = strawberry.field(description="When it was recorded; never decreasing.")
    schema_version: int = strawberry.field(description="Version of the payload's form.")
    payload: Json = strawberry.field(description="What it says.")
    leaf_hash: str = strawberry.field(description="RFC 9162 leaf hash of its bytes, base64.")
    seq: strawberry.Private[int]

    @resolved("Its proof under the latest checkpoint.")
    def proof(self, info: LineproofInfo) -> LedgerProof:
        return ledger_proof_of(verdict_proof(info.context.ports.log, self.seq))

    @property
    def as_of(self) -> int:
        """The ledger's size when it had just been recorded."""
        return self.seq + 1


def ledger_entry_of(entry: Entry) -> LedgerEntry:
    """The GraphQL object of ``entry``."""
    return LedgerEntry(
        id=strawberry.ID(global_id("LedgerEntry", str(entry.seq))),
        leaf_index=BigInt(entry.seq),
        type=entry.type,
        actor=entry.actor,
        source=entry.source,
        idempotency_key=entry.idem,
        at=Timestamp(entry.at),
        schema_version=entry.schema,
        payload=Json(entry.payload),
        leaf_hash=ledger_entries.leaf_hash(entry),
        seq=entry.seq,
    )


def ledger_proof_of(proof: VerdictProof) -> LedgerProof:
    """The GraphQL object of ``proof``."""
    return LedgerProof(
        leaf_index=BigInt(proof.leaf_index),
        tree_size=BigInt(proof.tree_size),
        root_hash=proof.root_hash,
        inclusion=list(proof.inclusion),
        checkpoint=proof.checkpoint,
        text=proof.text,
    )
