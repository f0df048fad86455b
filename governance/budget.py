"""Budget rules: what all candidate runs used together; no baseline, no statistics."""

import math
from collections.abc import Sequence

from analytics.delta import reduced
from analytics.facts import RunFacts
from domain.metric import MetricDefinition, decimal_text, parse_decimal
from domain.verdict import RuleStatus
from governance.limit import LimitFinding
from governance.rule import BudgetRule


def judge_budget(
    rule: BudgetRule, definition: MetricDefinition, candidate: Sequence[RunFacts]
) -> LimitFinding:
    """Hold the exact sum (rounded once, ``math.fsum``) against the budget.

    A negative or non-finite value is a FAIL: no use of anything is less than nothing.
    """
    values = [(facts.run_id, reduced(facts, definition)) for facts in candidate]
    known = sorted((value, run_id) for run_id, value in values if value is not None)
    have, need = len(known), len(values)
    broken = [pair for pair in known if not math.isfinite(pair[0]) or pair[0] < 0]
    if broken:
        value, run_id = broken[0]
        message = f"The value {decimal_text(value)} of the run {run_id!r} is no use of a budget."
        return LimitFinding(RuleStatus.FAIL, message, have, need, run_id, value, len(broken))
    total = math.fsum(value for value, _ in known)
    most = known[-1][1] if known else None
    if total > parse_decimal(rule.total):
        message = f"{have} runs used {decimal_text(total)}, {rule.total} is the budget."
        return LimitFinding(RuleStatus.FAIL, message, have, need, most, total, 1)
    if have < need or not need:
        message = f"{have} of {need} candidate runs recorded {rule.metric!r}."
        return LimitFinding(RuleStatus.MISSING, message, have, need, most, total, 0)
    message = f"{have} runs used {decimal_text(total)} of {rule.total}."
    return LimitFinding(RuleStatus.PASS, message, have, need, most, total, 0)
