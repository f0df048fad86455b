"""Judges assertions, and says to which candidates a rule applies."""

from collections.abc import Sequence

from analytics.facts import RunFacts
from domain.errors import UsageError
from domain.verdict import RuleStatus
from governance.expression import held_by
from governance.rule import AssertionRule, Rule
from governance.rule_result import RuleResult


def judge_assertion(
    rule: AssertionRule, candidate: Sequence[RunFacts], *, finite: bool
) -> RuleResult:
    """PASS when the expression is true of every run; ERROR when it cannot be evaluated for one.

    ``finite`` as in ``expression.holds``.
    """
    try:
        true = set(held_by(rule.expression, candidate, finite=finite))
    except UsageError as error:
        return RuleResult(rule, RuleStatus.ERROR, error.message, error.hint)
    false = [facts.run_id for facts in candidate if facts.run_id not in true]
    if false:
        message = f"It is false for {len(false)} of {len(candidate)} runs, such as {false[0]!r}."
        return RuleResult(rule, RuleStatus.FAIL, message)
    if not candidate:
        return RuleResult(rule, RuleStatus.MISSING, "There is no run to ask it of.")
    return RuleResult(rule, RuleStatus.PASS, f"It is true for every run of {len(candidate)}.")


def out_of_scope(rule: Rule, candidate: Sequence[RunFacts], *, finite: bool) -> RuleResult | None:
    """The result when ``when`` keeps the rule from being judged; None when it is to be judged.

    False for every run: it does not apply. True for some only, or no answer: ERROR.
    """
    if rule.when is None:
        return None
    try:
        true = held_by(rule.when, candidate, finite=finite)
    except UsageError as error:
        return RuleResult(rule, RuleStatus.ERROR, f"`when`: {error.message}", error.hint)
    if not true:
        message = "It does not apply: `when` is false for every candidate run."
        return RuleResult(rule, RuleStatus.PASS, message, applies=False)
    if len(true) < len(candidate):
        message = f"`when` is true for {len(true)} of {len(candidate)} candidate runs only."
        return RuleResult(rule, RuleStatus.ERROR, message, "Judge the two kinds of runs apart.")
    return None
