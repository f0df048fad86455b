"""Root fields about the ledger."""

from typing import Annotated

import strawberry

from resolvers import ledger_entries
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.scalars import BigInt
from schema.types.ledger_entry import LedgerEntry, ledger_entry_of
from schema.types.ledger_point import LedgerPoint, ledger_point


@strawberry.type
class LedgerQuery:
    """Root fields about the ledger."""

    @resolved("The state that this request sees; send it as `asOf` to keep it.")
    def ledger_point(self, info: LineproofInfo) -> LedgerPoint:
        return ledger_point(info.context.tree_size)

    @resolved("One ledger entry of the project.")
    def ledger_entry(
        self,
        info: LineproofInfo,
        leaf_index: Annotated[BigInt, strawberry.argument(description="Its position, from 0.")],
    ) -> LedgerEntry | None:
        context = info.context
        entry = ledger_entries.one(
            context.ports.log, leaf_index, project=context.project, as_of=context.tree_size
        )
        return ledger_entry_of(entry)
