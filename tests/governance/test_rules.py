"""Every kind of rule is total: it finds something, and what cannot be judged never passes."""

from dataclasses import replace
from importlib.metadata import requires, version

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.comparability import Level
from analytics.decision import ANALYSIS
from analytics.facts import Input, RunFacts
from domain.facet import Facet, Strength
from domain.verdict import Outcome, RuleStatus, Severity
from governance.expression import EVALUATOR, check_expression
from governance.gate import Compared, Judgement, Surroundings, judge
from governance.rule import (
    AllOf,
    AnyOf,
    AssertionRule,
    BudgetRule,
    DeltaRule,
    ProvenanceRule,
    Requirement,
    Rule,
)
from tests.governance.builders import (
    BAD,
    GOOD,
    comparison,
    delta_rule,
    judged,
    limit_rule,
    policy,
    run,
    runs,
)

BLOCK = Severity.BLOCK
# The CEL library raises the interpreter's recursion limit once; hypothesis minds if it is inside.
check_expression("true")


def _status(rule: Rule, candidate: list[RunFacts] | None = None) -> RuleStatus:
    return _judged(rule, candidate).results[0].status


def _judged(rule: Rule, candidate: list[RunFacts] | None = None) -> Judgement:
    return judged(policy(rule), candidate if candidate is not None else runs("c", GOOD))


def _asserts(expression: str, **more: str) -> AssertionRule:
    return AssertionRule("a", BLOCK, expression, **more)  # type: ignore[arg-type]


def _tagged(run_id: str, **tags: str) -> RunFacts:
    return replace(run(run_id, {"accuracy": 0.95}), tags=tags)


def _using(run_id: str, strength: Strength, algorithm: str = "sha256") -> RunFacts:
    facet = Facet.TRAIN_DATA
    use = Input("training", facet, "i", "DATASET", "train", algorithm, "d", strength, 1)
    return replace(run(run_id, {"accuracy": 0.95}), inputs=(use,))


@pytest.mark.parametrize(
    ("expression", "status"),
    [
        ("run.metrics.accuracy > 0.9", RuleStatus.PASS),
        ("run.metrics['accuracy'] > 0.99", RuleStatus.FAIL),
        ("!('contaminated' in run.tags)", RuleStatus.PASS),
        ("run.tags.contaminated == 'no'", RuleStatus.ERROR),
        ("run.status == 'FINISHED' && run.inputs.all(i, i.strength == 'CONTENT')", RuleStatus.PASS),
        ("1 / 0 == 1", RuleStatus.ERROR),
        ("1.0 / 0.0 > 0.5", RuleStatus.ERROR),
        ("run.metrics.accuracy / (0.5 - 0.5) > 0.5", RuleStatus.ERROR),
        ("[1.0 / 0.0].exists(x, x > 5.0)", RuleStatus.ERROR),
        ("run.metrics.accuracy % 0.0 == 0.0", RuleStatus.ERROR),
        ("1e308 * 10.0 > 1.0", RuleStatus.ERROR),
        ("1e999 > 1.0", RuleStatus.ERROR),
        ("double('inf') > 1.0", RuleStatus.ERROR),
        ("double('NaN') != 1.0", RuleStatus.ERROR),
        ("run.metrics.accuracy / 0.5 > 1.8", RuleStatus.PASS),
        ("run.metrics.accuracy", RuleStatus.ERROR),
        ("'true'", RuleStatus.ERROR),
        ("nope(run)", RuleStatus.ERROR),
        ("run.", RuleStatus.ERROR),
        ("", RuleStatus.ERROR),
        ("x" * 3_000, RuleStatus.ERROR),
        ("(" * 900 + "true" + ")" * 900, RuleStatus.ERROR),
        ("!" * 99 + "true", RuleStatus.FAIL),
        ("!" * 100 + "true", RuleStatus.PASS),
        ("!" * 101 + "true", RuleStatus.ERROR),
        ("1 == '1'", RuleStatus.ERROR),
        ("9223372036854775807 + 1 > 0", RuleStatus.ERROR),
        ("run.name.matches('(a+)+$')", RuleStatus.FAIL),
    ],
)
def test_an_assertion_is_true_false_or_an_error_row_42(expression: str, status: RuleStatus) -> None:
    assert _status(_asserts(expression)) is status


def test_older_analyses_take_a_division_by_zero_as_they_did() -> None:
    divided = "1.0 / 0.0 > 0.5"
    of, candidate = policy(_asserts(divided)), runs("c", GOOD)
    for analysis, status in (
        ("welch-holm/2", RuleStatus.PASS),
        ("welch-holm/3", RuleStatus.ERROR),
        ("welch-holm/4", RuleStatus.ERROR),
    ):
        (result,) = judge(of, candidate, None, analysis=analysis).results
        assert result.status is status


def test_the_evaluator_of_expressions_is_the_one_that_analyses_name() -> None:
    """Another version may decide otherwise: it needs an analysis of its own."""
    name, _, pinned = EVALUATOR.partition("==")
    assert version(name) == pinned
    assert EVALUATOR in (requires("lineproof") or ())


def test_an_assertion_that_reads_a_value_which_is_not_finite_is_an_error() -> None:
    broken = [run("c", {"accuracy": float("nan")})]
    assert _status(_asserts("!(run.metrics.accuracy < 0.9)"), broken) is RuleStatus.ERROR
    assert _status(_asserts("run.name == 'c'"), broken) is RuleStatus.PASS


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("run.tags[]('x')&|!=<>0+*/ \"?:,{}"), max_size=25))
def test_no_expression_passes_by_failing_row_42(expression: str) -> None:
    result = _judged(_asserts(expression)).results[0]
    if result.status is RuleStatus.PASS:
        negated = _status(_asserts(f"!({expression})"))
        assert negated in (RuleStatus.FAIL, RuleStatus.ERROR)
    assert result.status in (RuleStatus.PASS, RuleStatus.FAIL, RuleStatus.ERROR)


def test_a_rule_applies_where_its_condition_is_true() -> None:
    on, off = _tagged("on", kind="big"), _tagged("off", kind="small")
    rule = _asserts("false", when="run.tags.kind == 'big'")
    assert _status(rule, [on]) is RuleStatus.FAIL
    skipped = judged(policy(rule, limit_rule()), [off])
    assert (skipped.results[0].applies, skipped.outcome) == (False, Outcome.PASS)
    assert _status(rule, [on, off]) is RuleStatus.ERROR
    assert _status(_asserts("true", when="run.tags.size == 'x'"), [on]) is RuleStatus.ERROR


def test_a_policy_none_of_whose_rules_applies_is_inconclusive() -> None:
    found = _judged(_asserts("true", when="false"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.blocking


def test_a_budget_counts_all_runs_together() -> None:
    rule = BudgetRule("b", "hours", BLOCK, "10")
    used = [run(f"c{i}", {"hours": 3.0}) for i in range(3)]
    assert _status(rule, used) is RuleStatus.PASS
    assert _status(rule, [*used, run("c3", {"hours": 1.5})]) is RuleStatus.FAIL
    assert _status(rule, [*used, run("c3", {})]) is RuleStatus.MISSING
    for bad in (float("nan"), float("inf"), -50.0):
        assert _status(rule, [*used, run("c3", {"hours": bad})]) is RuleStatus.FAIL


def test_training_data_must_be_identified_by_its_content() -> None:
    rule = ProvenanceRule("p", BLOCK, Requirement.IDENTIFIED, Facet.TRAIN_DATA, Strength.CONTENT)
    assert _status(rule, [_using("c", Strength.CONTENT)]) is RuleStatus.PASS
    mixed = [_using("c", Strength.CONTENT), _using("d", Strength.SAMPLED)]
    assert _status(rule, mixed) is RuleStatus.FAIL
    assert _status(rule, [_using("c", Strength.CONTENT), run("d", {})]) is RuleStatus.MISSING


def test_a_clean_commit_must_be_recorded_as_clean() -> None:
    rule = ProvenanceRule("p", BLOCK, Requirement.CLEAN_COMMIT)
    committed = _using("c", Strength.MANIFEST, "git.commit")
    said = {"lineproof.git.dirty": "false"}
    assert _status(rule, [replace(committed, tags=said)]) is RuleStatus.PASS
    assert _status(rule, [committed]) is RuleStatus.MISSING
    assert _status(rule, [_tagged("c", **said)]) is RuleStatus.MISSING
    dirty = {"lineproof.git.dirty": "True"}
    assert _status(rule, [replace(committed, tags=dirty)]) is RuleStatus.FAIL
    odd = {"lineproof.git.dirty": "perhaps"}
    assert _status(rule, [replace(committed, tags=odd)]) is RuleStatus.MISSING


def test_an_ancestor_under_quarantine_fails_waived_or_not() -> None:
    rule = ProvenanceRule("p", BLOCK, Requirement.NO_QUARANTINED_ANCESTOR)
    around = Surroundings(quarantined=["c0"])
    found = judge(policy(rule), runs("c", GOOD), None, analysis=ANALYSIS, around=around)
    assert found.outcome is Outcome.FAIL
    assert _status(rule) is RuleStatus.PASS


YES, NO, ODD = "true", "false", "1"
STATUS = {YES: RuleStatus.PASS, NO: RuleStatus.FAIL, ODD: RuleStatus.ERROR}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([YES, NO, ODD]), min_size=1, max_size=4))
def test_rules_of_rules_are_no_better_than_what_they_are_made_of(said: list[str]) -> None:
    parts = tuple(AssertionRule(f"p{i}", BLOCK, text) for i, text in enumerate(said))
    every = _status(AllOf("all", BLOCK, parts))
    some = _status(AnyOf("any", BLOCK, parts))
    found = [STATUS[text] for text in said]
    assert (every is RuleStatus.PASS) == all(each is RuleStatus.PASS for each in found)
    assert (some is RuleStatus.PASS) == (RuleStatus.PASS in found and RuleStatus.ERROR not in found)


def test_a_margin_rule_inside_another_is_judged_as_outside() -> None:
    inside = AllOf("all", BLOCK, (delta_rule(), AssertionRule("a", BLOCK, "true")))
    assert _judged(inside, runs("c", GOOD)).outcome is Outcome.PASS
    failed = _judged(inside, runs("c", BAD))
    assert failed.outcome is Outcome.FAIL
    assert failed.results[0].parts[0].delta is not None


def test_a_rule_has_a_floor_of_its_own() -> None:
    strict: DeltaRule = replace(delta_rule(), min_comparability=Level.VERIFIED)
    lenient: DeltaRule = replace(delta_rule(), id="other", min_comparability=Level.ASSUMED)
    found = judged(policy(strict, lenient), GOOD, level=Level.ASSUMED)
    assert [each.status for each in found.results] == [RuleStatus.NOT_COMPARABLE, RuleStatus.PASS]


def test_a_slow_drift_fails_against_the_second_baseline() -> None:
    of = policy(delta_rule())
    candidate = runs("c", [value - 0.02 for value in GOOD])
    near, far = runs("n", [value - 0.019 for value in GOOD]), runs("f", GOOD)
    first, second = comparison(of, near, candidate), comparison(of, far, candidate)

    alone = judge(of, candidate, first, analysis=ANALYSIS)
    both = judge(
        of, candidate, first, analysis=ANALYSIS, around=Surroundings(second=Compared(second))
    )
    missing = judge(
        of, candidate, first, analysis=ANALYSIS, around=Surroundings(second=Compared(None, "none"))
    )

    assert alone.outcome is Outcome.PASS
    assert both.outcome is Outcome.FAIL
    assert "second baseline" in both.reason
    assert missing.outcome is Outcome.INCONCLUSIVE
