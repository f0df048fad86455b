"""What is legal in a policy and yet probably not meant: warnings, never errors."""

from fractions import Fraction
from math import comb

from domain.metric import Direction, MetricDefinition
from domain.verdict import Severity
from governance.policy import Policy, PolicyDocument
from governance.rule import DeltaRule, Rule


def lint(document: PolicyDocument) -> tuple[str, ...]:
    """One sentence for each doubtful thing, in the document's order."""
    return tuple(
        f"{policy.name}: {warning}"
        for policy in document.policies.values()
        for warning in _policy_warnings(policy)
    )


def _policy_warnings(policy: Policy) -> list[str]:
    warnings: list[str] = []
    for rule in policy.rules:
        if isinstance(rule, DeltaRule):
            warnings += _delta_warnings(rule, policy.metrics.get(rule.metric))
    if any(isinstance(rule, DeltaRule) for rule in policy.rules) and policy.baseline is None:
        warnings.append(
            "it has margin rules and no baseline: every request must name a baseline itself."
        )
    if not any(_can_block(rule) for rule in policy.rules):
        warnings.append("no rule has severity block, so it can never stop a run.")
    return warnings


def _delta_warnings(rule: DeltaRule, definition: MetricDefinition | None) -> list[str]:
    warnings: list[str] = []
    if not _positive(rule.margin_absolute) and not _positive(rule.margin_relative):
        warnings.append(
            f"rule {rule.id!r} has a margin of zero: a run that changes nothing is mostly "
            "INCONCLUSIVE under it. Say how much worse still does not matter."
        )
    if 1 / Fraction(comb(2 * rule.min_samples, rule.min_samples)) > Fraction(rule.alpha):
        warnings.append(
            f"rule {rule.id!r} asks for alpha {rule.alpha} with {rule.min_samples} runs a side, "
            "fewer than any exact test needs to reach it. Raise min_samples."
        )
    if definition is None or definition.direction is Direction.NONE:
        warnings.append(
            f"rule {rule.id!r} compares {rule.metric!r}, whose direction is not declared: it will "
            "be an ERROR. Add `direction: higher` or `lower` under `metrics`."
        )
    return warnings


def _positive(text: str | None) -> bool:
    return text is not None and Fraction(text) > 0


def _can_block(rule: Rule) -> bool:
    return rule.severity is Severity.BLOCK
