import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.criterion import Criterion
from analytics.delta import MetricDelta, State, Uncertainty, metric_deltas
from domain.metric import Direction, MetricDefinition, Reducer
from tests.analytics.runs import run, runs, summary

HIGHER = MetricDefinition("acc", Direction.HIGHER)
values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8)


def one(before: list[float], after: list[float], definition: MetricDefinition) -> MetricDelta:
    (delta,) = metric_deltas(
        runs("acc", before, "b"), runs("acc", after, "c"), {"acc": definition}, {}
    )
    return delta


@given(values, values)
@settings(max_examples=60, deadline=None)
def test_swapping_the_sides_negates_the_delta(before: list[float], after: list[float]) -> None:
    there, back = one(before, after, HIGHER), one(after, before, HIGHER)
    assert there.raw is not None and back.raw is not None
    assert there.raw == -back.raw
    assert there.interval is not None and back.interval is not None
    assert there.interval.low == -back.interval.high


@given(st.data(), values, values)
@settings(max_examples=40, deadline=None)
def test_the_order_of_runs_changes_nothing(
    data: st.DataObject, before: list[float], after: list[float]
) -> None:
    shuffled = data.draw(st.permutations(before))
    assert one(before, after, HIGHER) == one(list(shuffled), after, HIGHER)


@given(values, values)
@settings(max_examples=40, deadline=None)
def test_lower_is_better_turns_the_sign(before: list[float], after: list[float]) -> None:
    higher = one(before, after, HIGHER)
    lower = one(before, after, MetricDefinition("acc", Direction.LOWER))
    assert lower.raw == higher.raw
    assert lower.oriented is not None and higher.oriented is not None
    assert lower.oriented == -higher.oriented


def test_the_interval_agrees_with_scipy() -> None:
    before, after = [0.94, 0.95, 0.952, 0.947], [0.951, 0.96, 0.955]
    delta = one(before, after, HIGHER)
    welch = stats.ttest_ind(after, before, equal_var=False, alternative="less")
    assert delta.p == pytest.approx(welch.pvalue, rel=0.01)
    assert delta.interval is not None
    assert delta.interval.df == math.floor(welch.df * 10) / 10
    exact = stats.t.cdf(welch.statistic, delta.interval.df)
    assert delta.p == pytest.approx(exact, rel=1e-9)
    error = (sum(after) / 3 - sum(before) / 4) / welch.statistic
    assert delta.interval.standard_error == pytest.approx(error, rel=1e-9)
    assert delta.interval.low == pytest.approx(
        delta.raw - stats.t.isf(0.05, delta.interval.df) * error, rel=1e-9
    )


def test_a_criterion_sets_the_level() -> None:
    sides = runs("acc", [1.0, 2.0, 3.0]), runs("acc", [2.0, 3.0, 4.0], "c")
    wide, narrow = (
        metric_deltas(*sides, {"acc": HIGHER}, {"acc": Criterion("acc", alpha=alpha)})[0].interval
        for alpha in ("0.01", "0.2")
    )
    assert wide is not None and narrow is not None
    assert wide.alpha == "0.01"
    assert wide.low < narrow.low < narrow.high < wide.high


def test_no_variation_collapses_the_interval() -> None:
    delta = one([0.5, 0.5], [0.25, 0.25, 0.25], HIGHER)
    assert delta.interval is not None
    assert (delta.interval.low, delta.interval.high) == (-0.25, -0.25)
    assert delta.interval.method == "no variation"
    assert delta.p == 0.0


def test_one_run_a_side_is_unreplicated() -> None:
    delta = one([0.5], [0.75], HIGHER)
    assert (delta.raw, delta.oriented, delta.relative) == (0.25, 0.25, 0.5)
    assert delta.interval is None and delta.p is None
    assert delta.uncertainty is Uncertainty.UNREPLICATED


def test_one_run_against_many_has_no_interval() -> None:
    assert one([0.5], [0.75, 0.7, 0.6], HIGHER).interval is None


def test_a_target_is_oriented_by_distance() -> None:
    definition = MetricDefinition("acc", Direction.TARGET, target="1.0")
    assert one([0.5], [1.25], definition).oriented == 0.25
    delta = one([0.5, 1.5], [1.25, 0.75], definition)
    assert delta.raw == 0.0
    assert delta.oriented == 0.25


def test_without_a_direction_nothing_is_better() -> None:
    delta = one([1.0, 2.0], [3.0, 5.0], MetricDefinition("acc"))
    assert delta.raw == 2.5
    assert delta.oriented is None and delta.relative is None and delta.p is None
    assert delta.interval is not None


def test_a_metric_on_one_side_is_a_state() -> None:
    deltas = metric_deltas(
        [run("b", metrics={"gone": 1.0})], [run("c", metrics={"new": math.nan})], {}, {}
    )
    assert [(d.key.name, d.state) for d in deltas] == [
        ("gone", State.ONLY_BASELINE),
        ("new", State.ONLY_CANDIDATE),
    ]
    assert all(delta.raw is None for delta in deltas)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_leaves_no_delta(bad: float) -> None:
    delta = one([1.0, 2.0], [3.0, bad], HIGHER)
    assert delta.candidate is not None
    assert (delta.candidate.n, delta.candidate.non_finite) == (1, 1)
    assert (delta.raw, delta.oriented, delta.interval, delta.p) == (None,) * 4


@pytest.mark.parametrize("zero", [0.0, -0.0, 5e-324])
def test_nothing_is_relative_to_zero(zero: float) -> None:
    assert one([zero], [1.0], HIGHER).relative is None


def test_a_delta_beyond_the_doubles_has_no_interval() -> None:
    delta = one([-1.7e308, -1.7e308], [1.7e308, 1.6e308], HIGHER)
    assert delta.raw == math.inf
    assert delta.interval is None


@pytest.mark.parametrize(
    ("reducer", "step", "expected"),
    [
        (Reducer.LAST, None, 2.0),
        (Reducer.MIN, None, 1.0),
        (Reducer.MAX, None, 6.0),
        (Reducer.MEAN, None, 3.0),
        (Reducer.AT_STEP, 1, 6.0),
    ],
)
def test_the_reducer_makes_one_number(reducer: Reducer, step: int | None, expected: float) -> None:
    facts = replace(
        run("b"), metrics={"acc": summary("acc", 1.0, 6.0, 2.0)}, at_steps={("acc", 1): 6.0}
    )
    definition = MetricDefinition("acc", Direction.HIGHER, reducer=reducer, step=step)
    (delta,) = metric_deltas([facts], [run("c", metrics={"acc": 0.0})], {"acc": definition}, {})
    assert delta.baseline is not None
    assert delta.baseline.mean == expected


def test_a_step_that_was_not_logged_is_missing() -> None:
    definition = MetricDefinition("acc", Direction.HIGHER, reducer=Reducer.AT_STEP, step=7)
    assert metric_deltas([run("b", metrics={"acc": 1.0})], [], {"acc": definition}, {}) == ()
