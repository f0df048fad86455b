"""Root fields about comparisons."""

from typing import Annotated

import strawberry

from resolvers import comparisons, policies
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import AsOf
from schema.types.comparison import ComparisonType, comparison_of
from schema.types.ledger_point import asked_size
from schema.types.run_set import RunSetInput, run_set_of


@strawberry.type
class ComparisonQuery:
    """Root fields about comparisons."""

    @resolved("What differs between two sets of runs, and what that may be blamed on.")
    def comparison(
        self,
        info: LineproofInfo,
        candidate: Annotated[RunSetInput, strawberry.argument(description="Compare these.")],
        baseline: Annotated[
            RunSetInput | None,
            strawberry.argument(
                description="Compare with these; null for what the policy's baseline rule finds."
            ),
        ] = None,
        policy: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Global id or name of a policy: its metric definitions, replicate "
                "keys and rules are applied."
            ),
        ] = None,
        as_of: AsOf = None,
    ) -> ComparisonType | None:
        context = info.context
        position = context.position(asked_size(as_of))
        graph, metrics = context.ports.graph, context.ports.metrics
        declared = None
        if policy is not None:
            name_or_id = local_id(policy, "Policy")
            record = policies.one(graph, name_or_id, project=context.project, as_of=position)
            declared = policies.declared(record)
        found = comparisons.compare_sets(
            graph,
            metrics,
            None if baseline is None else run_set_of(baseline, "baseline"),
            run_set_of(candidate, "candidate"),
            policy=declared,
            project=context.project,
            as_of=position,
            index=context.ports.delta_index(),
        )
        return comparison_of(found)
