import random

import pytest
from structlog.testing import capture_logs

from analytics.comparison import compare, comparison_json
from analytics.criterion import Criterion
from analytics.delta import State
from domain.canonical import canonical_bytes
from domain.errors import NotFoundError
from domain.metric import Direction, MetricDefinition
from tests.analytics.world import ACCURACY, World, code, eval_data, train_data


def recorded(order: list[int]) -> World:
    """Two groups of four runs whose entries arrive in ``order``; versions are made known first."""
    world = World()
    world.run("first", train_data("d1"), eval_data("e1"), code("1a2b3c4"))
    world.run("second", train_data("d2"))
    for index in order:
        side, data = ("b", "d1") if index < 4 else ("c", "d2")
        world.run(
            f"{side}{index}",
            train_data(data),
            eval_data("e1"),
            code("1a2b3c4"),
            params={"seed": str(index), "alpha": "0.1"},
            metrics={"acc": 0.9 + index / 1000 - (0.1 if side == "c" else 0.0)},
        )
    return world


BASELINE, CANDIDATE = [f"b{n}" for n in range(4)], [f"c{n}" for n in range(4, 8)]


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_asked_nor_that_of_arrival_changes_the_answer(seed: int) -> None:
    draw = random.Random(seed)
    straight = recorded(list(range(8))).compare(BASELINE, CANDIDATE, Criterion("acc", "0.005"))
    order = draw.sample(range(8), 8)
    shuffled = recorded(order).compare(
        draw.sample(BASELINE, 4), draw.sample(CANDIDATE, 4), Criterion("acc", "0.005")
    )
    assert shuffled.id == straight.id
    one, other = comparison_json(straight), comparison_json(shuffled)
    for name in ("comparability", "deltas", "causes", "unexplained"):
        assert canonical_bytes(one[name]) == canonical_bytes(other[name])
    assert sorted(shuffled.baseline.run_ids) == sorted(straight.baseline.run_ids)


def test_the_same_question_has_the_same_bytes() -> None:
    world = recorded(list(range(8)))
    one, other = (
        canonical_bytes(comparison_json(world.compare(b, c)))
        for b, c in ((BASELINE, CANDIDATE), (BASELINE[::-1], CANDIDATE[::-1]))
    )
    assert one == other
    assert b'"analysis":"welch-holm/4"' in one


def test_the_id_follows_from_what_was_asked() -> None:
    world = recorded(list(range(8)))
    ids = [
        world.compare(BASELINE, CANDIDATE).id,
        world.compare(CANDIDATE, BASELINE).id,
        world.compare(BASELINE[:3], CANDIDATE).id,
        world.compare(BASELINE, CANDIDATE, Criterion("acc", "0.1")).id,
        world.compare(BASELINE, CANDIDATE, definitions={}).id,
    ]
    before = world.size
    world.run("later")
    ids.append(world.compare(BASELINE, CANDIDATE).id)
    assert world.size > before
    assert len(set(ids)) == len(ids)


def test_runs_that_cannot_be_compared_are_left_out_with_a_reason() -> None:
    world = World()
    for run_id, status in (
        ("b0", "FINISHED"),
        ("b1", "FAILED"),
        ("b2", "KILLED"),
        ("b3", "FINISHED"),
    ):
        world.run(run_id, metrics={"acc": 0.5}, status=status)
    world.record("run.deleted", {"run_id": "b3"})
    world.run("c", metrics={"acc": 0.5}, status="RUNNING")
    side = world.compare(["b0", "b1", "b2", "b3", "c"], ["c"])
    assert side.baseline.run_ids == ("b0",)
    assert [(each.run_id, each.reason) for each in side.baseline.excluded] == [
        ("b1", "The run is FAILED."),
        ("b2", "The run is KILLED."),
        ("b3", "The run is deleted."),
        ("c", "The run is also a candidate."),
    ]
    assert side.candidate.run_ids == ("c",)


def test_nothing_left_to_compare_is_an_answer() -> None:
    world = World()
    world.run("b", metrics={"acc": 0.5}, status="FAILED")
    world.run("c", metrics={"acc": 0.5})
    comparison = world.compare(["b"], ["c"])
    assert comparison.deltas[0].state is State.ONLY_CANDIDATE
    assert comparison.baseline.fingerprint is None
    assert canonical_bytes(comparison_json(comparison))
    assert canonical_bytes(comparison_json(world.compare([], [])))


def test_a_side_of_one_group_has_its_fingerprint() -> None:
    comparison = recorded(list(range(8))).compare(BASELINE, [*CANDIDATE, "first"])
    assert comparison.baseline.fingerprint is not None
    assert comparison.candidate.fingerprint is None


def test_an_unknown_analysis_is_refused() -> None:
    world = recorded(list(range(8)))
    with pytest.raises(NotFoundError):
        compare(
            world.facts(BASELINE),
            world.facts(CANDIDATE),
            definitions=ACCURACY,
            criteria={},
            graph=world.graph,
            as_of=world.size,
            analysis="welch-holm/9",
        )


def test_values_that_are_not_finite_are_text_in_the_answer() -> None:
    world = World()
    world.run("b", metrics={"acc": 0.5})
    world.run("c", metrics={"acc": float("inf"), "loss": float("nan")})
    definitions = {"acc": MetricDefinition("acc", Direction.TARGET, target="0.5")}
    text = canonical_bytes(comparison_json(world.compare(["b"], ["c"], definitions=definitions)))
    assert b'"mean":"NaN"' in text


def test_a_comparison_is_logged() -> None:
    world = recorded(list(range(8)))
    with capture_logs() as logs:
        comparison = world.compare(BASELINE, CANDIDATE)
    (event,) = [log for log in logs if log["event"] == "comparison.computed"]
    assert event["comparison_id"] == comparison.id
    assert (event["baseline"], event["candidate"], event["causes"]) == (4, 4, 1)
