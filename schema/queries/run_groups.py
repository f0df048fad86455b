"""Root fields about run groups."""

from typing import Annotated

import strawberry

from resolvers import policies, run_groups
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import AsOf
from schema.types.ledger_point import asked_size
from schema.types.run_group import RunGroup, run_group_of


@strawberry.type
class RunGroupQuery:
    """Root fields about run groups."""

    @resolved("The group of runs that repeat the given one.")
    def run_group(
        self,
        info: LineproofInfo,
        of: Annotated[
            strawberry.ID, strawberry.argument(description="Global id or MLflow id of a run.")
        ],
        policy: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The policy whose replicate keys count."),
        ] = None,
        as_of: AsOf = None,
    ) -> RunGroup | None:
        context = info.context
        position = context.position(asked_size(as_of))
        keys = policies.replicate_keys(
            context.ports.graph,
            None if policy is None else local_id(policy, "Policy"),
            project=context.project,
            as_of=position,
        )
        record = run_groups.of_run(
            context.ports.graph,
            context.ports.metrics,
            local_id(of, "Run"),
            project=context.project,
            replicate_keys=keys,
            as_of=position,
        )
        return run_group_of(record, position)
