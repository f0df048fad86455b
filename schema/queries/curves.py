"""Root fields about a metric's course."""

from typing import Annotated

import strawberry

from resolvers.curves import compare_curves
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.scalars import BigInt
from schema.types.arguments import AsOf
from schema.types.curve import CurveDeltaType, curve_delta_of
from schema.types.ledger_point import asked_size


@strawberry.type
class CurveQuery:
    """Root fields about a metric's course."""

    @resolved("A metric's course in two runs, aligned by step, and where the two part.")
    def curve_delta(
        self,
        info: LineproofInfo,
        baseline: Annotated[strawberry.ID, strawberry.argument(description="A run's id.")],
        candidate: Annotated[strawberry.ID, strawberry.argument(description="A run's id.")],
        metric: Annotated[str, strawberry.argument(description="The metric's name.")],
        from_step: Annotated[
            BigInt | None, strawberry.argument(description="Show steps from here on.")
        ] = None,
        max_steps: Annotated[
            int, strawberry.argument(description="Steps to show, at most 10,000.")
        ] = 1_000,
        as_of: AsOf = None,
    ) -> CurveDeltaType | None:
        context = info.context
        curve = compare_curves(
            context.ports.graph,
            context.ports.metrics,
            local_id(baseline, "Run"),
            local_id(candidate, "Run"),
            metric,
            project=context.project,
            from_step=-(2**63) if from_step is None else from_step,
            first=max_steps,
            as_of=context.position(asked_size(as_of)),
        )
        return curve_delta_of(curve)
