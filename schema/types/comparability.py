"""Comparability: may two sets of runs be compared at all."""

from collections.abc import Sequence

import strawberry

from analytics.comparability import Check, Comparability, Level
from domain.facet import Facet, Strength
from governance.statement import ComparabilityClaim


@strawberry.type(description="One recorded identity of a facet.")
class FacetIdentity:
    """One recorded identity of a facet."""

    digest: str = strawberry.field(description="As it stands recorded.")


@strawberry.type(description="One facet of the two sides held against each other.")
class ComparabilityCheck:
    """One facet of the two sides held against each other."""

    facet: Facet = strawberry.field(description="What must not differ.")
    state: Level = strawberry.field(description="What was found.")
    strength: Strength = strawberry.field(description="How strongly it is known.")
    baseline: list[FacetIdentity] = strawberry.field(
        description="The distinct identities of that side; empty when not recorded."
    )
    candidate: list[FacetIdentity] = strawberry.field(
        description="The distinct identities of that side; empty when not recorded."
    )
    reason: str = strawberry.field(description="The finding in words.")
    hint: str | None = strawberry.field(
        description="When the state is UNKNOWN: the one line that would record the facet."
    )


@strawberry.type(
    name="Comparability", description="Whether two sets of runs may be compared, and why."
)
class ComparabilityType:
    """Whether two sets of runs may be compared, and why."""

    level: Level = strawberry.field(description="The worst state over the checks.")
    checks: list[ComparabilityCheck] = strawberry.field(description="One for each facet.")
    budget_checks: list[ComparabilityCheck] = strawberry.field(
        default_factory=list[ComparabilityCheck],
        description="HARDWARE and ENVIRONMENT, where a metric of time or memory is compared; they "
        "count for such metrics alone.",
    )


def comparability_of(found: Comparability) -> ComparabilityType:
    """The GraphQL object of ``found``."""
    return ComparabilityType(
        level=found.level,
        checks=[_check(check) for check in found.checks],
        budget_checks=[_check(check) for check in found.budget_checks],
    )


def _check(check: Check) -> ComparabilityCheck:
    return ComparabilityCheck(
        facet=check.facet,
        state=check.level,
        strength=check.strength,
        baseline=_identities(check.baseline),
        candidate=_identities(check.candidate),
        reason=check.reason,
        hint=check.hint or None,
    )


def claimed_comparability(claim: ComparabilityClaim) -> ComparabilityType:
    """The GraphQL object of what a verdict's statement claims."""
    return ComparabilityType(
        level=Level(claim["level"]),
        checks=[
            ComparabilityCheck(
                facet=Facet(check["facet"]),
                state=Level(check["level"]),
                strength=Strength[check["strength"]],
                baseline=_identities(check["baseline"]),
                candidate=_identities(check["candidate"]),
                reason=check["reason"],
                hint=check["hint"] or None,
            )
            for check in claim["checks"]
        ],
    )


def _identities(digests: Sequence[str]) -> list[FacetIdentity]:
    return [FacetIdentity(digest=digest) for digest in digests]
