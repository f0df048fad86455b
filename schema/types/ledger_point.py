"""Ledger positions: what was known when."""

import strawberry

from resolvers import ledger_entries
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.scalars import BigInt


@strawberry.input(description="A past state of everything: what the first `treeSize` entries say.")
class LedgerPointInput:
    """A past state of everything."""

    tree_size: BigInt = strawberry.field(description="How many ledger entries are seen.")


@strawberry.type(description="A state of everything, fixed for ever by the ledger.")
class LedgerPoint:
    """A state of everything."""

    tree_size: BigInt = strawberry.field(description="How many ledger entries are seen.")

    @resolved(
        "RFC 9162 root of the Merkle tree over those entries, base64 as in the signed checkpoint."
    )
    def root_hash(self, info: LineproofInfo) -> str:
        return ledger_entries.root_hash(info.context.ports.log, self.tree_size)


def ledger_point(tree_size: int) -> LedgerPoint:
    """The point after ``tree_size`` entries."""
    return LedgerPoint(tree_size=BigInt(tree_size))


def asked_size(as_of: LedgerPointInput | None) -> int | None:
    """The tree size that a client asked for; None when it asked for none."""
    return None if as_of is None else as_of.tree_size
