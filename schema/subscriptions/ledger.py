"""Following the ledger."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

import strawberry

from domain.errors import UsageError
from resolvers import ledger_entries
from schema.followed import followed
from schema.following import FollowingInfo
from schema.scalars import BigInt
from schema.types.ledger_entry import LedgerEntry, ledger_entry_of

_BEFORE_ALL = BigInt(-1)


@strawberry.type
class LedgerSubscription:
    """Following the ledger."""

    @followed(
        "Every entry of the project, each once and in order: what is recorded already, "
        "then what is recorded from then on. It never completes by itself."
    )
    async def ledger(
        self,
        info: FollowingInfo,
        after_seq: Annotated[
            BigInt | None,
            strawberry.argument(
                description="The `leafIndex` of the last entry that the client has seen; null to "
                "begin with the first."
            ),
        ] = None,
        kinds: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Only entries of these types, for example `verdict.recorded`; null "
                "for all."
            ),
        ] = None,
    ) -> AsyncGenerator[LedgerEntry, None]:
        feed, log, project = info.context.feed, info.context.ports.log, info.context.project
        after = _BEFORE_ALL if after_seq is None else after_seq
        types = None if kinds is None else ledger_entries.checked_types(kinds)
        size = (await feed.read(log.head)).size
        _check_seen(after, size)
        position = after + 1
        while True:
            while position < size:
                page = await feed.read(
                    partial(ledger_entries.page, log, position, size, project=project, types=types)
                )
                for entry in page.entries:
                    yield ledger_entry_of(entry)
                position = page.position
            size = await feed.grown(size)


def _check_seen(after: int, size: int) -> None:
    """Whoever saw more than there is follows another ledger, or one that lost something."""
    if not -1 <= after < size:
        raise UsageError(
            f"afterSeq is from -1 to {size - 1}, {after} was sent.",
            hint="Send the leafIndex of the last entry that you saw, or null to begin anew.",
        )
