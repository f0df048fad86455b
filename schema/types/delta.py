"""Metric deltas: how a metric moved between two sets of runs."""

import math
from decimal import Decimal

import strawberry

from analytics.delta import MetricDelta, Moments, Uncertainty
from analytics.welch import Interval
from domain.metric import parse_decimal
from governance.rule_result import RuleResult
from governance.statement import DeltaClaim, IntervalClaim, SideClaim
from schema.types.run import finite


@strawberry.type(description="One side of a delta: the runs that recorded a finite value.")
class MetricMoments:
    """One side of a delta."""

    n: int = strawberry.field(description="Runs with a finite value.")
    mean: float | None = strawberry.field(description="The exact mean, correctly rounded.")
    sd: float | None = strawberry.field(
        description="Standard deviation with n - 1; null with fewer than two runs."
    )
    non_finite: int = strawberry.field(description="Runs whose value is NaN or infinite.")


@strawberry.type(description="One-sided bounds of the oriented delta, each at `level`.")
class DeltaInterval:
    """One-sided bounds of the oriented delta."""

    low: float | None = strawberry.field(description="The lower bound.")
    high: float | None = strawberry.field(description="The upper bound.")
    level: str = strawberry.field(description="Confidence of each bound, as decimal text.")


@strawberry.type(description="How a metric moved. Null where a number has no meaning.")
class Delta:
    """How a metric moved."""

    raw: float | None = strawberry.field(description="Candidate mean minus baseline mean.")
    oriented: float | None = strawberry.field(
        description="The same with positive meaning better; null without a direction."
    )
    relative: float | None = strawberry.field(
        description="oriented / |baseline mean|; null at a zero or subnormal baseline."
    )
    interval: DeltaInterval | None = strawberry.field(
        description="Of `oriented`, or of `raw` without a direction; null with one run a side."
    )
    margin: float | None = strawberry.field(
        description="How much worse the policy's rule allows; null without a rule."
    )
    method: str | None = strawberry.field(description="How the interval was computed.")
    p: float | None = strawberry.field(
        description="One-sided. With a rule: of being worse than the margin by chance; without: "
        "of this or a worse delta if nothing changed."
    )
    p_adjusted: float | None = strawberry.field(
        description="`p` after Holm over the policy's rules; null without a rule."
    )
    uncertainty: Uncertainty | None = strawberry.field(
        description="Which variation the interval covers."
    )
    pairs: int | None = strawberry.field(
        default=None, description="How many pairs it rests on; null when nothing is paired."
    )
    unpaired: str | None = strawberry.field(
        default=None, description="Why results by example, or runs, could not be paired."
    )


def moments_of(side: Moments | None) -> MetricMoments | None:
    """The GraphQL object of one side."""
    if side is None:
        return None
    return MetricMoments(
        n=side.n, mean=finite(side.mean), sd=finite(side.sd), non_finite=side.non_finite
    )


def interval_of(interval: Interval | None) -> DeltaInterval | None:
    """The GraphQL object of ``interval``."""
    if interval is None:
        return None
    return DeltaInterval(
        low=finite(interval.low), high=finite(interval.high), level=level_text(interval.alpha)
    )


def plain_delta(delta: MetricDelta) -> Delta:
    """A delta that no rule judges."""
    return Delta(
        raw=finite(delta.raw),
        oriented=finite(delta.oriented),
        relative=finite(delta.relative),
        interval=interval_of(delta.interval),
        margin=None,
        method=delta.interval.method if delta.interval else None,
        p=delta.p,
        p_adjusted=None,
        uncertainty=delta.uncertainty,
        pairs=delta.pairs,
        unpaired=delta.unpaired or None,
    )


def judged_delta(delta: MetricDelta, result: RuleResult) -> Delta:
    """A delta that a rule of the policy judged."""
    decision = result.decision
    shown = plain_delta(delta)
    if decision is not None:
        shown.margin = finite(decision.margin)
        if decision.p is not None:
            shown.p = decision.p
        shown.p_adjusted = decision.p_adjusted
    return shown


def claimed_delta(claim: DeltaClaim) -> Delta:
    """A delta as a verdict's statement claims it."""
    interval = claim["interval"]
    return Delta(
        raw=number(claim["raw"]),
        oriented=number(claim["oriented"]),
        relative=number(claim["relative"]),
        interval=_claimed_interval(interval),
        margin=number(claim["margin"]),
        method=interval["method"] if interval else None,
        p=number(claim["p"]),
        p_adjusted=number(claim["p_adjusted"]),
        uncertainty=Uncertainty(claim["uncertainty"]),
        pairs=claim.get("pairs"),
    )


def claimed_moments(claim: SideClaim | None) -> MetricMoments | None:
    """One side of a delta as a verdict's statement claims it."""
    if claim is None:
        return None
    return MetricMoments(
        n=claim["n"],
        mean=number(claim["mean"]),
        sd=number(claim["sd"]),
        non_finite=claim["non_finite"],
    )


def number(text: str | None) -> float | None:
    """Decimal text as JSON can hold it: None for NaN and the infinities."""
    if text is None:
        return None
    value = parse_decimal(text)
    return value if math.isfinite(value) else None


def level_text(alpha: str) -> str:
    """1 - alpha, exactly."""
    return format(Decimal(1) - Decimal(alpha), "f")


def _claimed_interval(claim: IntervalClaim | None) -> DeltaInterval | None:
    if claim is None:
        return None
    return DeltaInterval(
        low=number(claim["low"]),
        high=number(claim["high"]),
        level=level_text(claim["alpha"]),
    )
