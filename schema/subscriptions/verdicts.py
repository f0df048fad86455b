"""Waiting for a verdict."""

from collections.abc import AsyncGenerator
from functools import partial

import strawberry

from governance.verdict import VerdictRecord
from resolvers import verdicts
from schema.context import Ports
from schema.followed import followed
from schema.following import FollowingInfo
from schema.global_ids import local_id
from schema.types.verdict import Verdict, verdict_of


@strawberry.type
class VerdictSubscription:
    """Waiting for a verdict."""

    @followed(
        "The verdict of this global id or verdict id, as soon as it is recorded; then "
        "it completes, because a recorded verdict never changes."
    )
    async def verdict(
        self,
        info: FollowingInfo,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the API
    ) -> AsyncGenerator[Verdict, None]:
        feed, ports, project = info.context.feed, info.context.ports, info.context.project
        verdict_id = verdicts.checked_id(local_id(id, "Verdict"))
        size = 0
        while True:
            found = await feed.read(partial(_found, ports, project, verdict_id))
            if found is not None:
                record, seq = found
                yield verdict_of(record, seq + 1)
                return
            size = await feed.grown(size)


def _found(ports: Ports, project: str, verdict_id: str) -> tuple[VerdictRecord, int] | None:
    """The verdict and its entry; the graph is brought up to the ledger only when it is there."""
    if not verdicts.is_recorded(ports.log, verdict_id, project=project):
        return None
    as_of = ports.catch_up()
    record = verdicts.by_ids(ports.graph, [verdict_id], project=project, as_of=as_of).get(
        verdict_id
    )
    return None if record is None or record.seq is None else (record, record.seq)
