"""Confounded causes, told apart by other pairs of the store."""

from collections.abc import Iterator

import pytest

from analytics.causes import Attribution
from analytics.comparison import Comparison, comparison_json
from analytics.criterion import Criterion
from analytics.delta_index.index import DeltaIndex
from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.isolation import Store, isolated
from domain.canonical import canonical_bytes
from ledger.projection import Cursor
from tests.analytics.world import ACCURACY, World, eval_data, train_data

CRITERIA = {"acc": Criterion("acc", margin_absolute="0.005")}


def variant(world: World, name: str, data: str, alpha: str, level: float) -> list[str]:
    return [
        world.run(
            f"{name}{seed}",
            train_data(data),
            eval_data("e"),
            params={"alpha": alpha, "seed": str(seed)},
            metrics={"acc": level + seed / 10_000},
        )
        for seed in range(4)
    ]


def compared(world: World, before: list[str], after: list[str]) -> Comparison:
    file = DeltaIndexFile()
    file.apply(world.entries, old=Cursor(), new=Cursor(world.size))
    comparison = world.compare(before, after, CRITERIA["acc"])
    store = Store(DeltaIndex(file), world.graph, world, world.size)
    found = isolated(
        comparison,
        world.facts(before),
        world.facts(after),
        definitions=ACCURACY,
        criteria=CRITERIA,
        store=store,
    )
    file.close()
    return found


def attributions(comparison: Comparison) -> dict[str, Attribution]:
    return {
        cause.label.split()[1]: effect.attribution
        for cause in comparison.causes
        for effect in cause.effects
    }


@pytest.fixture
def world() -> Iterator[World]:
    yield World()


def test_without_other_pairs_they_stay_confounded(world: World) -> None:
    found = compared(
        world, variant(world, "a", "d1", "1", 0.9), variant(world, "b", "d2", "2", 0.8)
    )
    assert set(attributions(found).values()) == {Attribution.CONFOUNDED}


def test_a_pair_that_differs_in_one_alone_isolates_it(world: World) -> None:
    before = variant(world, "a", "d1", "1", 0.9)
    after = variant(world, "b", "d2", "2", 0.8)
    variant(world, "c", "d2", "1", 0.8)
    found = compared(world, before, after)
    assert attributions(found) == {
        "data": Attribution.ISOLATED,
        "alpha": Attribution.NO_EFFECT,
    }
    (data,) = (cause for cause in found.causes if cause.label.startswith("training"))
    evidence = data.effects[0].evidence
    assert evidence is not None
    assert evidence.baseline == tuple(before)
    assert evidence.candidate == ("c0", "c1", "c2", "c3")
    assert evidence.oriented == pytest.approx(-0.1)
    assert canonical_bytes(comparison_json(found))


def test_causes_that_reach_the_runs_through_one_input_share_its_delta(world: World) -> None:
    for data, alpha, clean in (("d1", "1", "no"), ("d2", "2", "yes")):
        made = train_data(data)
        params = {"scale": alpha, "clean": clean}
        world.run(f"prep-{data}", params=params, generates=[made], job="prepare.py")
    before = variant(world, "a", "d1", "1", 0.9)
    after = variant(world, "b", "d2", "2", 0.7)
    variant(world, "c", "d2", "1", 0.8)
    found = compared(world, before, after)
    by_label = {cause.label.split()[1]: cause.effects[0] for cause in found.causes}
    assert {name: effect.attribution for name, effect in by_label.items()} == {
        "alpha": Attribution.ISOLATED,
        "scale": Attribution.SHARED,
        "clean": Attribution.SHARED,
    }
    assert by_label["scale"].evidence == by_label["clean"].evidence


def test_a_sole_cause_needs_no_evidence(world: World) -> None:
    before = variant(world, "a", "d1", "1", 0.9)
    found = compared(world, before, variant(world, "b", "d2", "1", 0.8))
    assert attributions(found) == {"data": Attribution.SOLE}


def test_another_pair_of_the_same_change_elsewhere_counts(world: World) -> None:
    before = variant(world, "a", "d1", "1", 0.9)
    after = variant(world, "b", "d2", "2", 0.8)
    variant(world, "c", "d3", "1", 0.5)
    variant(world, "d", "d3", "2", 0.6)
    found = compared(world, before, after)
    assert attributions(found) == {
        "data": Attribution.CONFOUNDED,
        "alpha": Attribution.ISOLATED,
    }


def test_a_pair_with_other_evaluation_data_shows_nothing(world: World) -> None:
    before = variant(world, "a", "d1", "1", 0.9)
    after = variant(world, "b", "d2", "2", 0.8)
    for seed in range(2):
        params = {"alpha": "2", "seed": str(seed)}
        uses = train_data("d1"), eval_data("other")
        world.run(f"c{seed}", *uses, params=params, metrics={"acc": 0.8})
    found = compared(world, before, after)
    assert set(attributions(found).values()) == {Attribution.CONFOUNDED}
