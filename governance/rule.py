"""The rules of a policy as small typed values, normalised: thresholds are exact decimal text.

Rules compose: ``AllOf`` and ``AnyOf`` hold others. Every rule may say ``when`` it applies (CEL) and
that what fails it is put under quarantine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from analytics.comparability import Level
from domain.facet import Facet, Strength
from domain.verdict import Severity


@dataclass(frozen=True, slots=True)
class DeltaRule:
    """The candidate may be worse than the baseline by no more than a margin.

    The margin is max(``margin_absolute``, ``margin_relative`` × |baseline mean|), in the metric's
    unit, and is shown to hold at confidence 1 - ``alpha`` (one-sided).
    """

    id: str
    metric: str
    severity: Severity
    margin_absolute: str | None
    margin_relative: str | None
    alpha: str
    min_samples: int
    """Least number of runs on each side; below it the rule is INCONCLUSIVE."""
    min_comparability: Level | None = None
    """The rule's own floor; None for the policy's."""
    split: str | None = None
    """The split of the metric that is judged; None for the metric itself."""
    pair_by: str | None = None
    """``examples``, or the parameter whose equal values pair runs; None for unpaired runs."""
    when: str | None = None
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Every candidate run's value lies within [``minimum``, ``maximum``], in the metric's unit."""

    id: str
    metric: str
    severity: Severity
    minimum: str | None
    maximum: str | None
    when: str | None = None
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """The candidate runs' values together are at most ``total``, in the metric's unit."""

    id: str
    metric: str
    severity: Severity
    total: str
    when: str | None = None
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class AssertionRule:
    """A CEL expression is true of every candidate run."""

    id: str
    severity: Severity
    expression: str
    when: str | None = None
    quarantine: bool = False


class Requirement(StrEnum):
    """What a provenance rule asks of every candidate run."""

    IDENTIFIED = "identified"
    """Every input of a facet is identified at least so strongly."""
    CLEAN_COMMIT = "clean_commit"
    """It was built from a commit, and the tree was recorded as clean."""
    NO_QUARANTINED_ANCESTOR = "no_quarantined_ancestor"
    """Nothing upstream is held, waived or not."""
    SIGNED_BY = "signed_by"
    """A file that it made, or every input of a facet, is signed by a named key."""
    REPLAY = "replay"
    """Another run that says it is its replay made the same bytes."""


@dataclass(frozen=True, slots=True)
class ProvenanceRule:
    """A requirement on what every candidate run was made from."""

    id: str
    severity: Severity
    requirement: Requirement
    facet: Facet | None = None
    """With IDENTIFIED, and with SIGNED_BY unless ``artifact`` is given."""
    strength: Strength | None = None
    """With IDENTIFIED."""
    signer: str | None = None
    """With SIGNED_BY: the name of the key."""
    artifact: str | None = None
    """With SIGNED_BY: the path of what the run made, or the last part of it."""
    when: str | None = None
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    id: str
    severity: Severity
    parts: "tuple[Rule, ...]"
    when: str | None = None
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds, and none is an ERROR."""

    id: str
    severity: Severity
    parts: "tuple[Rule, ...]"
    when: str | None = None
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class BuiltInRule:
    """What every gate asks, whatever the policy says; named by its id."""

    id: str
    severity: Severity = Severity.BLOCK
    when: str | None = None
    quarantine: bool = False


MetricRule: TypeAlias = DeltaRule | LimitRule | BudgetRule
Rule: TypeAlias = (
    DeltaRule
    | LimitRule
    | BudgetRule
    | AssertionRule
    | ProvenanceRule
    | AllOf
    | AnyOf
    | BuiltInRule
)


def leaves(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Every rule that is not made of others, in order."""
    for rule in rules:
        if isinstance(rule, AllOf | AnyOf):
            yield from leaves(rule.parts)
        else:
            yield rule


def every(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Every rule, those made of others before their parts."""
    for rule in rules:
        yield rule
        if isinstance(rule, AllOf | AnyOf):
            yield from every(rule.parts)


def delta_rules(rules: Sequence[Rule]) -> list[DeltaRule]:
    """Every margin rule, in order, wherever it stands."""
    return [rule for rule in leaves(rules) if isinstance(rule, DeltaRule)]


def metrics_of(rules: Sequence[Rule]) -> set[str]:
    """The metrics that the rules read."""
    return {
        rule.metric
        for rule in leaves(rules)
        if isinstance(rule, DeltaRule | LimitRule | BudgetRule)
    }
