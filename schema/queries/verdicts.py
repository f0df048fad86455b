"""Root fields about verdicts."""

from typing import Annotated

import strawberry

from governance.verdict import require_verdict
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import After, AsOf, First
from schema.types.connection import FIRST, Connection
from schema.types.ledger_point import asked_size
from schema.types.verdict import Verdict, verdict_connection, verdict_of


@strawberry.type
class VerdictQuery:
    """Root fields about verdicts."""

    @resolved("One verdict, by its global id or its verdict id.")
    def verdict(
        self,
        info: LineproofInfo,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the API
        as_of: AsOf = None,
    ) -> Verdict | None:
        context = info.context
        position = context.position(asked_size(as_of))
        record = require_verdict(
            context.ports.graph, context.project, local_id(id, "Verdict"), as_of=position
        )
        return verdict_of(record, position)

    @resolved("The project's verdicts, the latest first.")
    def verdicts(
        self,
        info: LineproofInfo,
        policy: Annotated[
            str | None, strawberry.argument(description="Only under the policy of this name.")
        ] = None,
        first: First = FIRST,
        after: After = None,
        as_of: AsOf = None,
    ) -> Connection[Verdict]:
        position = info.context.position(asked_size(as_of))
        return verdict_connection(
            info.context, policy=policy, first=first, after=after, as_of=position
        )
