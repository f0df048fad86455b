"""Paired differences: examples, seeds, and what they may decide."""

import json
import subprocess
import sys
from fractions import Fraction
from math import comb

import pytest

from analytics.bootstrap import RESAMPLES, resampled_means
from analytics.criterion import Criterion
from analytics.decision import analysis_named, judge
from analytics.delta import MetricDelta, Uncertainty
from analytics.examples import ExampleResults, parse_examples
from analytics.paired_deltas import paired_deltas
from domain.metric import Direction, MetricDefinition
from domain.verdict import RuleStatus
from tests.analytics.runs import run, runs
from tests.analytics.world import World

ACC = {"acc": MetricDefinition("acc", Direction.HIGHER)}
N = 400


def examples(right: int, *, flipped: int = 0, rows: int = N) -> str:
    """The first ``right`` examples are right; ``flipped`` of each kind are the other way round."""
    values = [int(index < right) for index in range(rows)]
    for index in range(flipped):
        values[index], values[-1 - index] = 0, 1
    return "id,acc\n" + "".join(f"e{index},{value}\n" for index, value in enumerate(values))


def single(
    before: str, after: str, criterion: Criterion | None = None, suffix: str = ".csv"
) -> MetricDelta:
    """One run a side, each with its file; the metric is the file's mean."""
    world = World()
    for side, text in (("b", before), ("c", after)):
        results = parse_examples(text.encode(), suffix)
        values = list(results.metrics.get("acc", {"": Fraction(1, 2)}).values())
        world.run(side, metrics={"acc": float(sum(values, Fraction(0)) / len(values))})
        world.files[f"sha256:{side}"] = text.encode()
        path = f"0/{side}/artifacts/lineproof/examples{suffix}"
        file = {"path": path, "run_id": side, "digest": f"sha256:{side}", "size": 1}
        world.record("artifact.logged", file)
    criteria = {"acc": criterion} if criterion else {}
    (delta,) = paired_deltas(world.facts(["b"]), world.facts(["c"]), ACC, criteria)
    return delta


def test_one_run_a_side_has_its_examples_paired_and_says_which_uncertainty_that_is() -> None:
    delta = single(examples(300), examples(280, flipped=10))
    assert (delta.uncertainty, delta.pairs) == (Uncertainty.PAIRED, N)
    assert delta.interval is not None
    assert delta.interval.method == "mcnemar"
    assert delta.oriented == pytest.approx(-0.05)
    assert delta.interval.low < -0.05 < delta.interval.high < 0


def test_mcnemar_is_exact() -> None:
    delta = single(examples(300), examples(280, flipped=10))
    worse, better = 30, 10
    tail = sum(comb(worse + better, k) for k in range(worse, worse + better + 1))
    assert delta.p == float(Fraction(tail, 2 ** (worse + better)))


def test_agreement_everywhere_is_not_taken_for_certainty() -> None:
    delta = single(examples(300), examples(300))
    assert delta.interval is not None
    assert delta.interval.low < 0 < delta.interval.high
    assert delta.interval.high - delta.interval.low < 0.02
    assert delta.p == 1.0


def test_without_being_asked_examples_decide_no_rule() -> None:
    delta = single(examples(300), examples(300), Criterion("acc", "0.1", min_samples=3))
    assert delta.uncertainty is Uncertainty.PAIRED
    (decision,) = judge([(delta, Criterion("acc", "0.1"))])
    assert decision.status is RuleStatus.INCONCLUSIVE
    assert "UNREPLICATED" in decision.message


@pytest.mark.parametrize(
    ("right", "status"),
    [(300, RuleStatus.PASS), (298, RuleStatus.PASS), (200, RuleStatus.FAIL)],
)
def test_a_rule_that_asks_for_examples_is_decided_by_them(right: int, status: RuleStatus) -> None:
    criterion = Criterion("acc", "0.05", pair_by="examples")
    (decision,) = judge([(single(examples(300), examples(right), criterion), criterion)])
    assert decision.status is status


def test_scores_are_resampled_the_same_way_in_every_process() -> None:
    differences = [Fraction(index % 7 - 3, 10) for index in range(100)]
    means = resampled_means(differences)
    assert len(means) == RESAMPLES
    assert means == sorted(means)
    code = (
        "from fractions import Fraction\nfrom analytics.bootstrap import resampled_means\n"
        "found = resampled_means([Fraction(i % 7 - 3, 10) for i in range(100)])\n"
        "print(found[99], found[-100])"
    )
    for threads in ("1", "4"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": threads, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [str(means[99]), str(means[-100])]


def test_the_bootstrap_covers_what_it_says() -> None:
    texts = [
        "\n".join(
            json.dumps({"id": index, "acc": 0.5 + shift + (index * 37 % 101) / 400})
            for index in range(200)
        )
        for shift in (0, 0.01)
    ]
    delta = single(texts[0], texts[1], suffix=".jsonl")
    assert delta.interval is not None
    assert delta.interval.method == "paired-bootstrap"
    assert delta.interval.low == pytest.approx(0.01)
    assert delta.interval.high == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (examples(300), examples(300, rows=399), "different examples"),
        (examples(10, rows=20), examples(10, rows=20), "fewer than"),
        ("id,other\na,1\n", examples(300), "no column 'acc'"),
        ("name,acc\na,1\n", examples(300), "no 'id'"),
        ("id,acc\na,1\na,1\n", examples(300), "twice"),
        ("id,acc\na,x\n", examples(300), "cannot be used"),
        ("", examples(300), "0 examples"),
    ],
)
def test_what_cannot_be_paired_says_why_and_passes_nothing(
    before: str, after: str, why: str
) -> None:
    criterion = Criterion("acc", "0.5", pair_by="examples")
    delta = single(before, after, criterion)
    assert why in delta.unpaired
    (decision,) = judge([(delta, criterion)])
    assert decision.status is RuleStatus.INCONCLUSIVE


def test_examples_that_do_not_come_to_the_metric_are_not_paired() -> None:
    text = examples(300).encode()
    sides = [[run(name, metrics={"acc": value})] for name, value in (("b", 0.75), ("c", 0.70))]
    for side in sides:
        object.__setattr__(side[0], "examples", lambda: parse_examples(text, ".csv"))
    (delta,) = paired_deltas(sides[0], sides[1], ACC, {"acc": Criterion("acc", pair_by="examples")})
    assert "do not come to the metric" in delta.unpaired


def seeded(values: list[float], prefix: str, seeds: list[str]) -> list[object]:
    return [
        run(f"{prefix}{seed}", metrics={"acc": value}, params={"seed": seed})
        for seed, value in zip(seeds, values, strict=True)
    ]


def test_runs_of_one_seed_are_pairs() -> None:
    seeds = ["1", "2", "3", "4"]
    before = seeded([0.90, 0.80, 0.70, 0.60], "b", seeds)
    after = seeded([0.91, 0.812, 0.709, 0.611], "c", seeds)
    criterion = Criterion("acc", "0.005", min_samples=3, pair_by="seed")
    (delta,) = paired_deltas(before, after[::-1], ACC, {"acc": criterion})  # type: ignore[arg-type]
    assert delta.interval is not None
    assert (delta.interval.method, delta.pairs) == ("paired-t", 4)
    assert delta.uncertainty is Uncertainty.SEED_ONLY
    assert 0 < delta.interval.low < 0.0105 < delta.interval.high < 0.02
    assert judge([(delta, criterion)])[0].status is RuleStatus.PASS


def test_runs_of_other_seeds_are_no_pairs() -> None:
    criterion = Criterion("acc", "0.005", pair_by="seed")
    before = seeded([0.9, 0.8], "b", ["1", "2"])
    after = seeded([0.9, 0.8], "c", ["1", "3"])
    (delta,) = paired_deltas(before, after, ACC, {"acc": criterion})  # type: ignore[arg-type]
    assert "same values of 'seed'" in delta.unpaired
    assert judge([(delta, criterion)])[0].status is RuleStatus.INCONCLUSIVE


def test_a_rule_that_pairs_otherwise_is_an_error() -> None:
    criterion = Criterion("acc", "0.005", pair_by="examples")
    (delta,) = paired_deltas(runs("acc", [0.9, 0.8]), runs("acc", [0.9, 0.8]), ACC, {})
    assert judge([(delta, criterion)])[0].status is RuleStatus.ERROR


def test_the_older_analysis_pairs_nothing() -> None:
    world = World()
    for side in ("b", "c"):
        world.run(side, metrics={"acc": 0.75})
    facts = world.facts(["b", "c"])
    for each in facts:
        results = parse_examples(examples(300).encode(), ".csv")
        object.__setattr__(each, "examples", lambda results=results: results)
    (old,) = analysis_named("welch-holm/1").deltas(facts[:1], facts[1:], ACC, {})
    (new,) = analysis_named("welch-holm/2").deltas(facts[:1], facts[1:], ACC, {})
    assert old.uncertainty is Uncertainty.UNREPLICATED
    assert new.uncertainty is Uncertainty.PAIRED


def test_an_empty_file_has_a_problem() -> None:
    assert parse_examples(b"\xff", ".csv").problem
    assert parse_examples(b"[]", ".jsonl") != ExampleResults()
