"""A metric's course in two runs, as columns."""

import strawberry

from analytics.curve_delta import CurveDelta
from schema.scalars import BigInt
from schema.types.run import finite


@strawberry.type(
    name="CurveDelta",
    description="A metric's course in two runs, aligned by step: columns of equal length.",
)
class CurveDeltaType:
    """A metric's course in two runs."""

    steps: list[BigInt] = strawberry.field(description="Steps that either run recorded, ascending.")
    baseline: list[float | None] = strawberry.field(
        description="The baseline's value at each step; null without a finite one."
    )
    candidate: list[float | None] = strawberry.field(
        description="The candidate's value at each step; null without a finite one."
    )
    delta: list[float | None] = strawberry.field(description="Candidate minus baseline.")
    parts_at: BigInt | None = strawberry.field(
        description="The first step of all that both recorded with different values."
    )
    only_baseline: int = strawberry.field(description="Steps that the candidate lacks.")
    only_candidate: int = strawberry.field(description="Steps that the baseline lacks.")


def curve_delta_of(curve: CurveDelta) -> CurveDeltaType:
    """The GraphQL object of ``curve``."""
    return CurveDeltaType(
        steps=[BigInt(step) for step in curve.steps],
        baseline=[finite(value) for value in curve.baseline],
        candidate=[finite(value) for value in curve.candidate],
        delta=[finite(value) for value in curve.delta],
        parts_at=None if curve.parts_at is None else BigInt(curve.parts_at),
        only_baseline=curve.only_baseline,
        only_candidate=curve.only_candidate,
    )
