"""Root fields about policies."""

from typing import Annotated

import strawberry

from resolvers import policies
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import AsOf
from schema.types.ledger_point import asked_size
from schema.types.policy import Policy, policy_of


@strawberry.type
class PolicyQuery:
    """Root fields about policies."""

    @resolved("A version by its global id, or the one in force by its name.")
    def policy(
        self,
        info: LineproofInfo,
        id: Annotated[  # noqa: A002 - the argument's name in the API
            strawberry.ID, strawberry.argument(description="Global id or name.")
        ],
        as_of: AsOf = None,
    ) -> Policy | None:
        context = info.context
        record = policies.one(
            context.ports.graph,
            local_id(id, "Policy"),
            project=context.project,
            as_of=context.position(asked_size(as_of)),
        )
        return policy_of(record)

    @resolved("The version in force of each policy, by name.")
    def policies(self, info: LineproofInfo, as_of: AsOf = None) -> list[Policy]:
        context = info.context
        found = policies.in_force(
            context.ports.graph,
            project=context.project,
            as_of=context.position(asked_size(as_of)),
        )
        return [policy_of(record) for record in found]
