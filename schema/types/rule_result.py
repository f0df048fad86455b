"""What the rules of a policy found."""

import strawberry

from domain.metric import Direction
from domain.verdict import RuleStatus, Severity
from governance.statement import LimitClaim, RuleClaim, SamplesClaim, WaivedClaim
from schema.scalars import BigInt
from schema.types.delta import Delta, MetricMoments, claimed_delta, claimed_moments, number


@strawberry.type(description="How many runs a rule had and how many it needs.")
class RuleSamples:
    """How many runs a rule had and how many it needs."""

    have: int = strawberry.field(description="Runs with a value on the smaller side.")
    need: int | None = strawberry.field(
        description="Runs a side that would settle it; null when it is settled or none would."
    )


@strawberry.type(description="An accepted exception from a rule.")
class RuleWaiver:
    """An accepted exception from a rule."""

    id: str = strawberry.field(description="The waiver's digest.")
    leaf_index: BigInt = strawberry.field(description="The entry that submitted it.")
    by: list[str] = strawberry.field(description="Who signed it.")
    until: BigInt = strawberry.field(description="When it ends, in ms of the ledger's time.")
    reason: str = strawberry.field(description="Why it was given.")


@strawberry.type(description="A limit rule's finding over all candidate runs.")
class LimitFinding:
    """A limit rule's finding over all candidate runs."""

    min: str | None = strawberry.field(description="The least allowed value, decimal text.")
    max: str | None = strawberry.field(description="The greatest allowed value, decimal text.")
    worst: float | None = strawberry.field(description="The value nearest to or beyond a bound.")
    violations: int = strawberry.field(description="Runs outside of the bounds.")


@strawberry.type(description="What one rule found, and what that does.")
class RuleResult:
    """What one rule found, and what that does."""

    id: str = strawberry.field(description="The rule's id in its policy.")
    kind: str = strawberry.field(
        description="`delta`, `limit`, `budget`, `assertion`, `provenance`, `all_of`, `any_of`, or "
        "`built_in` for what every gate asks."
    )
    metric: str | None = strawberry.field(description="The metric's name; null if it reads none.")
    split: str | None = strawberry.field(
        description="The split of the metric that was judged; null for the metric itself."
    )
    direction: Direction | None = strawberry.field(
        description="Which way of the metric is better; null without a metric."
    )
    unit: str | None = strawberry.field(
        description="UCUM unit; empty when none is declared, null without a metric."
    )
    severity: Severity = strawberry.field(description="What the finding does.")
    status: RuleStatus = strawberry.field(description="What was found.")
    message: str = strawberry.field(description="The finding in words.")
    hint: str | None = strawberry.field(description="What to do about it, if there is something.")
    samples: RuleSamples | None = strawberry.field(description="Null when nothing was counted.")
    baseline: MetricMoments | None = strawberry.field(description="The baseline's values.")
    candidate: MetricMoments | None = strawberry.field(description="The candidate's values.")
    delta: Delta | None = strawberry.field(description="For a delta rule that had two sides.")
    limit: LimitFinding | None = strawberry.field(
        description="For a limit rule; for a budget, `worst` is what was used."
    )
    applies: bool = strawberry.field(description="False when the rule's `when` is false.")
    waiver: RuleWaiver | None = strawberry.field(description="The waiver that lifts the finding.")


def rule_result_of(claim: RuleClaim) -> RuleResult:
    """A rule's result as a verdict's statement claims it."""
    delta, metric = claim["delta"], claim["metric"]
    return RuleResult(
        id=claim["id"],
        kind=claim["kind"],
        metric=metric["name"] if metric else None,
        split=claim.get("split"),
        direction=Direction(metric["direction"]) if metric else None,
        unit=metric["unit"] if metric else None,
        severity=Severity(claim["severity"]),
        status=RuleStatus(claim["status"]),
        message=claim["message"],
        hint=claim["hint"] or None,
        samples=_samples(claim["samples"]),
        baseline=claimed_moments(delta["baseline"]) if delta else None,
        candidate=claimed_moments(delta["candidate"]) if delta else None,
        delta=claimed_delta(delta) if delta else None,
        limit=_limit(claim["limit"]),
        applies=claim.get("applies", True),
        waiver=_waiver(claim.get("waiver")),
    )


def _waiver(claim: WaivedClaim | None) -> RuleWaiver | None:
    if claim is None:
        return None
    return RuleWaiver(
        id=claim["waiver_id"],
        leaf_index=BigInt(claim["leaf_index"]),
        by=claim["by"],
        until=BigInt(claim["until"]),
        reason=claim["reason"],
    )


def _samples(claim: SamplesClaim | None) -> RuleSamples | None:
    return None if claim is None else RuleSamples(have=claim["have"], need=claim["need"])


def _limit(claim: LimitClaim | None) -> LimitFinding | None:
    if claim is None:
        return None
    return LimitFinding(
        min=claim["min"],
        max=claim["max"],
        worst=number(claim["worst"]),
        violations=claim["violations"],
    )
