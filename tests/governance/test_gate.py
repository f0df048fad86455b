"""The judgement over its whole table of statuses, severities and levels."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.comparability import Level
from analytics.decision import ANALYSIS
from domain.metric import Direction, MetricDefinition
from domain.verdict import Outcome, RuleStatus, Severity
from governance.gate import judge
from governance.policy import OnInconclusive
from tests.governance.builders import (
    BAD,
    GOOD,
    NOISY,
    delta_rule,
    judged,
    limit_rule,
    policy,
    run,
    runs,
)

BLOCK, WARN, INFO = Severity.BLOCK, Severity.WARN, Severity.INFO
NEVER_A_PASS = {Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR}


@pytest.mark.parametrize(
    ("candidate", "severity", "status", "outcome"),
    [
        (GOOD, BLOCK, RuleStatus.PASS, Outcome.PASS),
        (GOOD, INFO, RuleStatus.PASS, Outcome.PASS),
        (BAD, BLOCK, RuleStatus.FAIL, Outcome.FAIL),
        (BAD, WARN, RuleStatus.FAIL, Outcome.WARN),
        (BAD, INFO, RuleStatus.FAIL, Outcome.PASS),
        (NOISY, BLOCK, RuleStatus.INCONCLUSIVE, Outcome.INCONCLUSIVE),
        (NOISY, WARN, RuleStatus.INCONCLUSIVE, Outcome.WARN),
        (GOOD[:2], BLOCK, RuleStatus.INCONCLUSIVE, Outcome.INCONCLUSIVE),
        (GOOD[:1], BLOCK, RuleStatus.INCONCLUSIVE, Outcome.INCONCLUSIVE),
        ((*GOOD, math.nan), BLOCK, RuleStatus.FAIL, Outcome.FAIL),
        ((*GOOD, math.inf), BLOCK, RuleStatus.FAIL, Outcome.FAIL),
    ],
)
def test_status_says_what_was_found_and_severity_what_it_does(
    candidate: tuple[float, ...], severity: Severity, status: RuleStatus, outcome: Outcome
) -> None:
    judgement = judged(policy(delta_rule(severity=severity)), candidate)

    assert judgement.results[0].status is status
    assert judgement.outcome is outcome
    assert judgement.blocking is (outcome in NEVER_A_PASS)


@pytest.mark.parametrize(
    ("level", "floor", "status", "outcome"),
    [
        (Level.VERIFIED, Level.VERIFIED, RuleStatus.PASS, Outcome.PASS),
        (Level.ASSUMED, Level.VERIFIED, RuleStatus.NOT_COMPARABLE, Outcome.INCONCLUSIVE),
        (Level.UNKNOWN, Level.VERIFIED, RuleStatus.NOT_COMPARABLE, Outcome.INCONCLUSIVE),
        (Level.ASSUMED, Level.ASSUMED, RuleStatus.PASS, Outcome.PASS),
        (Level.UNKNOWN, Level.ASSUMED, RuleStatus.NOT_COMPARABLE, Outcome.INCONCLUSIVE),
        (Level.ASSUMED, Level.UNKNOWN, RuleStatus.PASS, Outcome.PASS),
        (Level.UNKNOWN, Level.UNKNOWN, RuleStatus.WARN, Outcome.WARN),
        (Level.CONFLICT, Level.UNKNOWN, RuleStatus.NOT_COMPARABLE, Outcome.INCONCLUSIVE),
        (Level.BROKEN, Level.UNKNOWN, RuleStatus.NOT_COMPARABLE, Outcome.INCONCLUSIVE),
    ],
)
def test_comparability_bounds_what_a_delta_rule_may_say(
    level: Level, floor: Level, status: RuleStatus, outcome: Outcome
) -> None:
    judgement = judged(policy(delta_rule(), floor=floor), GOOD, level=level)

    assert judgement.results[0].status is status
    assert judgement.outcome is outcome


def test_an_unknown_comparability_says_what_would_record_it() -> None:
    result = judged(policy(delta_rule()), GOOD, level=Level.UNKNOWN).results[0]

    assert result.hint == "log_input(dataset, context='evaluation')"
    assert "UNKNOWN" in result.message


def test_a_regression_stays_a_failure_when_comparability_is_unknown() -> None:
    assert judged(policy(delta_rule()), BAD, level=Level.UNKNOWN).outcome is Outcome.FAIL


def test_limits_need_no_comparability() -> None:
    judgement = judged(policy(limit_rule()), GOOD, level=Level.BROKEN)

    assert judgement.outcome is Outcome.PASS


def test_on_inconclusive_warn_turns_only_the_unjudged_into_a_warning() -> None:
    lenient = policy(delta_rule(), on_inconclusive=OnInconclusive.WARN)

    assert judged(lenient, NOISY).outcome is Outcome.WARN
    assert judged(lenient, GOOD, level=Level.BROKEN).outcome is Outcome.WARN
    assert judged(lenient, BAD).outcome is Outcome.FAIL


def test_a_metric_without_direction_is_an_error_never_a_guess() -> None:
    for metrics in ({}, {"accuracy": MetricDefinition("accuracy", Direction.NONE)}):
        judgement = judged(policy(delta_rule(), metrics=metrics), GOOD)
        assert judgement.results[0].status is RuleStatus.ERROR
        assert judgement.outcome is Outcome.ERROR
        assert "direction" in judgement.results[0].hint


def test_a_missing_metric_is_missing_on_either_side_and_in_any_run() -> None:
    rule = policy(delta_rule())
    without = [run(f"x{i}", {"loss": 1.0}) for i in range(5)]
    some = [*runs("c", GOOD), run("x", {"loss": 1.0})]

    for judgement in (
        judged(rule, without),
        judged(rule, GOOD, without),
        judged(rule, without, without),
        judged(rule, some),
        judged(policy(limit_rule()), some),
        judged(policy(limit_rule()), without),
    ):
        assert judgement.results[0].status is RuleStatus.MISSING
        assert judgement.outcome is Outcome.INCONCLUSIVE


def test_one_regressed_rule_is_enough_and_is_named() -> None:
    both = policy(delta_rule(id="first"), delta_rule("0.2", id="second"), limit_rule("1"))

    judgement = judged(both, BAD)

    assert [result.status for result in judgement.results] == [
        RuleStatus.FAIL,
        RuleStatus.PASS,
        RuleStatus.PASS,
    ]
    assert judgement.outcome is Outcome.FAIL
    assert judgement.reason.startswith("first: ")


def test_fail_claims_are_corrected_over_the_rules_of_the_policy() -> None:
    candidate = (0.92, 0.93, 0.94, 0.95, 0.935)
    alone = judged(policy(delta_rule("0.001")), candidate)
    many = judged(
        policy(delta_rule("0.001"), *(delta_rule("0.5", id=f"r{i}") for i in range(9))), candidate
    )

    first, last = alone.results[0].decision, many.results[0].decision
    assert first is not None and last is not None
    assert alone.results[0].status is RuleStatus.FAIL
    assert first.p == first.p_adjusted == last.p
    assert last.p is not None and last.p_adjusted is not None
    assert last.p_adjusted == pytest.approx(min(1.0, 10 * last.p))
    assert many.results[0].status is RuleStatus.INCONCLUSIVE


def test_without_a_baseline_delta_rules_are_inconclusive_and_limits_are_judged() -> None:
    judgement = judge(
        policy(delta_rule(), limit_rule()),
        runs("c", GOOD),
        None,
        analysis=ANALYSIS,
        no_comparison="No earlier verdict is a PASS.",
    )

    assert [result.status for result in judgement.results] == [
        RuleStatus.INCONCLUSIVE,
        RuleStatus.PASS,
    ]
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert "No earlier verdict" in judgement.reason


def test_nothing_to_judge_never_passes() -> None:
    assert judged(policy(), GOOD).outcome is Outcome.ERROR
    assert judged(policy(limit_rule()), []).outcome is Outcome.INCONCLUSIVE
    assert judged(policy(delta_rule()), []).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("values", "maximum", "minimum", "status"),
    [
        ((0.9, 0.97), "0.97", None, RuleStatus.PASS),
        ((0.9, 0.9700001), "0.97", None, RuleStatus.FAIL),
        ((0.9, 0.97), None, "0.9", RuleStatus.PASS),
        ((0.8999, 0.97), None, "0.9", RuleStatus.FAIL),
        ((0.9,), "0.97", "0.1", RuleStatus.PASS),
        ((0.1 + 0.2,), "0.3", None, RuleStatus.FAIL),
        ((0.9, math.nan), "0.97", None, RuleStatus.FAIL),
        ((0.9, -math.inf), "0.97", None, RuleStatus.FAIL),
    ],
)
def test_every_run_must_meet_a_limit(
    values: tuple[float, ...], maximum: str | None, minimum: str | None, status: RuleStatus
) -> None:
    result = judged(policy(limit_rule(maximum, minimum)), values).results[0]

    assert result.status is status
    assert result.limit is not None
    assert result.limit.have == result.limit.need == len(values)
    assert (result.limit.violations > 0) is (status is RuleStatus.FAIL)


def test_a_single_run_is_labelled_unreplicated() -> None:
    assert "UNREPLICATED" in judged(policy(limit_rule()), GOOD[:1]).results[0].message
    one = judged(policy(delta_rule()), GOOD[:1], GOOD[:1]).results[0]
    assert one.status is RuleStatus.INCONCLUSIVE
    assert "UNREPLICATED" in one.message


_VALUES = st.lists(
    st.one_of(
        st.floats(0.5, 1.0),
        st.sampled_from([math.nan, math.inf, -math.inf, 0.95, 1e308, -1e308, 5e-324]),
    ),
    min_size=0,
    max_size=6,
)
_RULES = st.lists(
    st.one_of(
        st.builds(
            lambda m, s: (m, s),
            st.sampled_from(["0", "0.005", "1"]),
            st.sampled_from(list(Severity)),
        ),
        st.builds(lambda m: ("limit", m), st.sampled_from(list(Severity))),
    ),
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(
    candidate=_VALUES,
    baseline=_VALUES,
    level=st.sampled_from(list(Level)),
    floor=st.sampled_from([Level.UNKNOWN, Level.ASSUMED, Level.VERIFIED]),
    rules=_RULES,
    lenient=st.booleans(),
    missing=st.booleans(),
)
def test_a_rule_never_passes_on_what_is_missing_broken_too_few_or_not_finite(
    candidate: list[float],
    baseline: list[float],
    level: Level,
    floor: Level,
    rules: list[tuple[str, Severity]],
    lenient: bool,
    missing: bool,
) -> None:
    built = [
        limit_rule("2", "0", severity=severity)
        if margin == "limit"
        else delta_rule(margin, severity=severity, id=f"r{index}")
        for index, (margin, severity) in enumerate(rules)
    ]
    asked = policy(
        *{rule.id: rule for rule in built}.values(),
        floor=floor,
        on_inconclusive=OnInconclusive.WARN if lenient else OnInconclusive.BLOCK,
    )
    runs_judged = runs("c", candidate) + ([run("x", {})] if missing else [])
    judgement = judged(asked, runs_judged, baseline, level)

    sound = bool(candidate) and not missing and all(map(math.isfinite, candidate))
    comparable = level in (Level.VERIFIED, Level.ASSUMED)
    enough = min(len(candidate), len(baseline)) >= 3 and all(map(math.isfinite, baseline))
    for result in judgement.results:
        if result.status is RuleStatus.PASS:
            assert sound
            assert result.limit is not None or (comparable and enough)
    blocking = [r for r in judgement.results if r.rule.severity is Severity.BLOCK]
    if judgement.outcome is Outcome.PASS:
        assert runs_judged
        assert judgement.results
        assert all(result.status is RuleStatus.PASS for result in blocking)
    if not lenient and any(
        result.status in (RuleStatus.MISSING, RuleStatus.FAIL) for result in blocking
    ):
        assert judgement.outcome in NEVER_A_PASS
