"""What one rule found, with what it rests on."""

from dataclasses import dataclass

from analytics.decision import Decision
from analytics.delta import MetricDelta
from domain.verdict import RuleStatus
from governance.limit import LimitFinding
from governance.rule import Rule


@dataclass(frozen=True, slots=True)
class SecondFinding:
    """What a margin rule found against the policy's second baseline."""

    status: RuleStatus
    message: str
    delta: MetricDelta | None
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule found, with the numbers that it rests on."""

    rule: Rule
    status: RuleStatus
    message: str
    """One sentence in words."""
    hint: str = ""
    """What to do about it; empty when there is nothing to do."""
    delta: MetricDelta | None = None
    decision: Decision | None = None
    limit: LimitFinding | None = None
    second: SecondFinding | None = None
    parts: "tuple[RuleResult, ...]" = ()
    """Of AllOf and AnyOf, in order."""
    applies: bool = True
    """False when the rule's ``when`` is false for every candidate run."""
    roots: tuple[str, ...] = ()
    """Graph nodes that a failing built-in rule or a replay that diverged puts under quarantine."""
    waived: str | None = None
    """The waiver that lifts it; ``status`` is then WAIVED."""
