"""Combines the findings of AllOf and AnyOf. What cannot be judged never turns into a pass."""

from collections.abc import Sequence
from typing import Final

from domain.verdict import RuleStatus
from governance.rule import AllOf, AnyOf
from governance.rule_result import RuleResult

WORST_FIRST: Final = (
    RuleStatus.FAIL,
    RuleStatus.ERROR,
    RuleStatus.NOT_COMPARABLE,
    RuleStatus.MISSING,
    RuleStatus.INCONCLUSIVE,
    RuleStatus.WAIVED,
    RuleStatus.WARN,
    RuleStatus.PASS,
)
"""The order in which one finding outweighs another."""


def combined(rule: AllOf | AnyOf, parts: Sequence[RuleResult]) -> RuleResult:
    """AllOf: the worst part. AnyOf: ERROR if any part is one, else the best part.

    Parts that do not apply do not count; when none applies, neither does the rule.
    """
    counted = [part for part in parts if part.applies]
    if not counted:
        message = "It does not apply: none of its parts does."
        return RuleResult(rule, RuleStatus.PASS, message, parts=tuple(parts), applies=False)
    errors = [part for part in counted if part.status is RuleStatus.ERROR]
    if isinstance(rule, AllOf):
        found = min(counted, key=lambda part: WORST_FIRST.index(part.status))
    elif errors:
        found = errors[0]
    else:
        found = max(counted, key=lambda part: WORST_FIRST.index(part.status))
    message = f"{found.rule.id}: {found.message}"
    return RuleResult(rule, found.status, message, found.hint, parts=tuple(parts))


def worse(left: RuleStatus, right: RuleStatus) -> RuleStatus:
    """The finding that outweighs the other."""
    return min(left, right, key=WORST_FIRST.index)
