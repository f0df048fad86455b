"""What the rules of a policy found."""

import strawberry

from domain.metric import Direction
from domain.verdict import RuleStatus, Severity
from governance.statement import LimitClaim, RuleClaim, SamplesClaim
from schema.resolved import resolved
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

    by: list[str] = strawberry.field(description="Who signed it.")
    until: str = strawberry.field(description="When it expires.")


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
    kind: str = strawberry.field(description="`delta` or `limit`.")
    metric: str = strawberry.field(description="The metric's name.")
    direction: Direction = strawberry.field(description="Which way of the metric is better.")
    unit: str = strawberry.field(description="UCUM unit; empty when none is declared.")
    severity: Severity = strawberry.field(description="What the finding does.")
    status: RuleStatus = strawberry.field(description="What was found.")
    message: str = strawberry.field(description="The finding in words.")
    hint: str | None = strawberry.field(description="What to do about it, if there is something.")
    samples: RuleSamples | None = strawberry.field(description="Null when nothing was counted.")
    baseline: MetricMoments | None = strawberry.field(description="The baseline's values.")
    candidate: MetricMoments | None = strawberry.field(description="The candidate's values.")
    delta: Delta | None = strawberry.field(description="For a delta rule that had two sides.")
    limit: LimitFinding | None = strawberry.field(description="For a limit rule.")

    @resolved("The waiver that lifted it; nothing is waived in this version.")
    def waiver(self) -> RuleWaiver | None:
        return None


def rule_result_of(claim: RuleClaim) -> RuleResult:
    """A rule's result as a verdict's statement claims it."""
    delta = claim["delta"]
    return RuleResult(
        id=claim["id"],
        kind=claim["kind"],
        metric=claim["metric"]["name"],
        direction=Direction(claim["metric"]["direction"]),
        unit=claim["metric"]["unit"],
        severity=Severity(claim["severity"]),
        status=RuleStatus(claim["status"]),
        message=claim["message"],
        hint=claim["hint"] or None,
        samples=_samples(claim["samples"]),
        baseline=claimed_moments(delta["baseline"]) if delta else None,
        candidate=claimed_moments(delta["candidate"]) if delta else None,
        delta=claimed_delta(delta) if delta else None,
        limit=_limit(claim["limit"]),
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
