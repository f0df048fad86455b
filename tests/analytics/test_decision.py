import json
import math
import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.criterion import Criterion
from analytics.decision import ANALYSIS, analysis_named, decide, holm, judge, margin_of
from analytics.delta import MetricDelta, metric_deltas
from domain.errors import NotFoundError
from domain.metric import Direction, MetricDefinition
from domain.verdict import RuleStatus
from tests.analytics.runs import run, runs

HIGHER = MetricDefinition("acc", Direction.HIGHER)


def delta_of(
    before: list[float], after: list[float], definition: MetricDefinition = HIGHER
) -> MetricDelta:
    (delta,) = metric_deltas(
        runs("acc", before, "b"), runs("acc", after, "c"), {"acc": definition}, {}
    )
    return delta


def within(margin: str | None = "0.005", **changes: object) -> Criterion:
    return Criterion("acc", margin_absolute=margin, **changes)


@cache
def accuracies() -> list[float]:
    path = Path(__file__).parents[1] / "golden" / "digits_accuracies.json"
    return [float(text) for text in json.loads(path.read_text())]


def outcomes(size: int, pairs: int, criterion: Criterion) -> Counter[RuleStatus]:
    """Decisions on pairs of groups of ``size`` seeds between which nothing changed."""
    draw = random.Random(20261125)
    found: Counter[RuleStatus] = Counter()
    for _ in range(pairs):
        sample = draw.sample(accuracies(), 2 * size)
        found[decide(delta_of(sample[:size], sample[size:]), criterion).status] += 1
    return found


@pytest.mark.parametrize(
    ("size", "gates", "passing"), [(3, 4000, 0.60), (5, 3000, 0.89), (10, 3000, 0.998)]
)
def test_scenario_27_10_000_resampled_gates_on_no_change(
    size: int, gates: int, passing: float
) -> None:
    found = outcomes(size, gates, within())
    assert found[RuleStatus.PASS] / gates == pytest.approx(passing, abs=0.02)
    assert found[RuleStatus.FAIL] <= 1


@pytest.mark.parametrize("size", [3, 5])
def test_without_a_margin_nearly_everything_is_inconclusive(size: int) -> None:
    found = outcomes(size, 1000, within("0"))
    assert 0.90 <= found[RuleStatus.INCONCLUSIVE] / 1000 <= 0.96


def test_the_golden_accuracies_are_those_the_design_measured() -> None:
    values = accuracies()
    lower = sum(one < other for one in values for other in values) / (200 * 199)
    assert lower == pytest.approx(0.387, abs=0.0005)


def test_better_and_worse_than_the_margin() -> None:
    before = [0.95, 0.951, 0.949]
    assert decide(delta_of(before, [0.952, 0.951, 0.953]), within()).status is RuleStatus.PASS
    worse = decide(delta_of(before, [0.90, 0.901, 0.899]), within())
    assert worse.status is RuleStatus.FAIL
    assert worse.p is not None and worse.p < 0.05
    assert worse.margin == 0.005


def test_the_margin_is_the_larger_of_both() -> None:
    delta = delta_of([200.0, 200.0], [1.0, 1.0])
    assert margin_of(delta, Criterion("acc", "5", "0.01")) == 5.0
    assert margin_of(delta, Criterion("acc", "1", "0.01")) == 2.0
    assert margin_of(delta, Criterion("acc")) == 0.0


def test_inconclusive_says_how_many_runs_would_settle_it() -> None:
    before, after = [0.950, 0.945, 0.955, 0.948], [0.949, 0.944, 0.954, 0.950]
    decision = decide(delta_of(before, after), within())
    assert decision.status is RuleStatus.INCONCLUSIVE
    assert decision.need is not None and 4 < decision.need < 20
    enough = -(-decision.need // 4)
    settled = decide(delta_of(before * enough, after * enough), within())
    assert settled.status is RuleStatus.PASS


def test_no_number_of_runs_settles_a_delta_on_the_margin() -> None:
    decision = decide(delta_of([0.0, 2.0], [-1.0, 1.0]), within("1"))
    assert (decision.status, decision.need) == (RuleStatus.INCONCLUSIVE, None)


def test_too_few_runs() -> None:
    decision = decide(delta_of([1.0, 2.0], [1.0, 2.0, 3.0]), within(min_samples=5))
    assert (decision.status, decision.have, decision.need) == (RuleStatus.INCONCLUSIVE, 2, 5)


def test_one_run_against_one_is_never_more_than_unreplicated() -> None:
    decision = decide(delta_of([0.5], [0.9]), within())
    assert (decision.status, decision.need) == (RuleStatus.INCONCLUSIVE, 2)
    assert "UNREPLICATED" in decision.message
    assert decide(delta_of([0.5, 0.6], [0.9]), within()).status is RuleStatus.INCONCLUSIVE


def test_runs_that_do_not_vary_are_decided_exactly() -> None:
    same = delta_of([0.5, 0.5], [0.5, 0.5])
    assert decide(same, within("0.001")).status is RuleStatus.PASS
    assert decide(same, within("0")).status is RuleStatus.INCONCLUSIVE
    assert decide(delta_of([0.5, 0.5], [0.25, 0.25]), within()).status is RuleStatus.FAIL


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_never_passes(bad: float) -> None:
    good = [0.5, 0.5, 0.5]
    assert decide(delta_of(good, [0.9, 0.9, bad]), within()).status is RuleStatus.FAIL
    assert decide(delta_of([0.1, 0.1, bad], good), within()).status is RuleStatus.INCONCLUSIVE


def test_beyond_the_doubles_is_inconclusive() -> None:
    delta = delta_of([-1.7e308, -1.6e308], [1.7e308, 1.6e308])
    assert decide(delta, within()).status is RuleStatus.INCONCLUSIVE


def test_a_metric_without_direction_is_an_error() -> None:
    delta = delta_of([1.0, 1.0], [1.0, 1.0], MetricDefinition("acc"))
    assert decide(delta, within()).status is RuleStatus.ERROR


def test_a_vanished_metric_is_missing() -> None:
    (delta,) = metric_deltas(runs("acc", [1.0, 2.0]), [run("c", metrics={})], {"acc": HIGHER}, {})
    assert decide(delta, within()).status is RuleStatus.MISSING


def test_a_rule_may_ask_another_level_than_the_delta_shows() -> None:
    delta = delta_of([0.95, 0.951, 0.949], [0.945, 0.946, 0.9475])
    assert decide(delta, within("0.0062", alpha="0.2")).status is RuleStatus.PASS
    assert decide(delta, within("0.0062", alpha="0.001")).status is RuleStatus.INCONCLUSIVE


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == (0.03, 0.06, 0.06)
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), max_size=8))
@settings(max_examples=60, deadline=None)
def test_holm_only_raises_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= q <= 1 for p, q in zip(ps, adjusted, strict=True))
    ranked = [q for _, q in sorted(zip(ps, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def test_a_claim_that_does_not_survive_holm_is_inconclusive() -> None:
    weak = delta_of([0.0, 1.0, 2.0, 3.0], [-2.5, -1.5, -0.5, 0.5])
    alone = judge([(weak, within(None))])
    assert alone[0].status is RuleStatus.FAIL
    calm = delta_of([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0])
    among = judge([(weak, within(None)), *[(calm, within("1"))] * 9])
    assert among[0].status is RuleStatus.INCONCLUSIVE
    assert among[0].p == alone[0].p
    assert among[0].p_adjusted is not None and among[0].p_adjusted > 0.05


def test_the_analysis_has_a_name_for_ever() -> None:
    assert ANALYSIS == "welch-holm/4"
    assert analysis_named("welch-holm/1").judge is judge
    with pytest.raises(NotFoundError, match="not known here"):
        analysis_named("welch-holm/0")
