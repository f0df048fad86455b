"""What is legal in a policy and yet probably not meant: warnings, never errors."""

from collections.abc import Mapping
from fractions import Fraction
from math import comb

from domain.metric import Direction, MetricDefinition
from domain.verdict import Severity
from governance.expression import always_true
from governance.policy import Policy, PolicyDocument
from governance.quantity import is_quantity
from governance.rule import AssertionRule, DeltaRule, LimitRule, Rule, delta_rules, leaves


def lint(document: PolicyDocument) -> tuple[str, ...]:
    """One sentence for each doubtful thing, in the document's order."""
    return tuple(
        f"{policy.name}: {warning}"
        for policy in document.policies.values()
        for warning in _policy_warnings(policy)
    )


def _policy_warnings(policy: Policy) -> list[str]:
    warnings: list[str] = []
    margins = delta_rules(policy.rules)
    for rule in leaves(policy.rules):
        if isinstance(rule, DeltaRule):
            warnings += _delta_warnings(rule, policy.metrics.get(rule.metric))
        elif _never_fails(rule, policy.metrics):
            warnings.append(f"rule {rule.id!r} can never fail: every value satisfies it.")
    if policy.rules and all(rule.when is not None for rule in policy.rules):
        warnings.append("every rule has a `when`: where none applies, it is INCONCLUSIVE.")
    if margins and policy.baseline is None:
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
    if _certain(rule, definition):
        warnings.append(
            f"rule {rule.id!r} can never fail: its relative margin is the whole baseline or more."
        )
    least = 1 / Fraction(comb(2 * rule.min_samples, rule.min_samples))
    if rule.pair_by is None and least > Fraction(rule.alpha):
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


def _certain(rule: DeltaRule, definition: MetricDefinition | None) -> bool:
    """A metric that cannot be negative cannot be worse by all of itself, higher being better."""
    higher = definition is not None and definition.direction is Direction.HIGHER
    return higher and rule.margin_relative is not None and Fraction(rule.margin_relative) >= 1


def _never_fails(rule: Rule, metrics: Mapping[str, MetricDefinition]) -> bool:
    """Bounds that what is measured cannot leave: seconds and bytes are never below zero."""
    if isinstance(rule, AssertionRule):
        return always_true(rule.expression)
    if not isinstance(rule, LimitRule) or rule.maximum is not None or rule.minimum is None:
        return False
    unit = metrics[rule.metric].unit if rule.metric in metrics else ""
    return is_quantity(unit) and Fraction(rule.minimum) <= 0


def _positive(text: str | None) -> bool:
    return text is not None and Fraction(text) > 0


def _can_block(rule: Rule) -> bool:
    return rule.severity is Severity.BLOCK
