"""The design's scenarios about comparison, by their numbers."""

import hashlib
from typing import Any

import numpy as np
import pytest
from mlflow.data.digest_utils import compute_numpy_digest

from analytics.causes import Attribution
from analytics.comparability import Level, comparability
from analytics.comparison import Comparison, compare
from analytics.criterion import Criterion
from analytics.delta_index.index import DeltaIndex
from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.facts import gather_facts
from analytics.isolation import Store, isolated
from analytics.suggested_runs import suggested_runs
from domain.facet import Facet
from ledger.projection import Cursor
from tests.analytics.planted_truth import BASE, VARIANTS, Planted, planted, replace
from tests.analytics.world import ACCURACY, World, use

CRITERION = Criterion("acc", margin_absolute="0.005")


@pytest.fixture(scope="module")
def truth() -> Planted:
    return planted()


def compared(truth: Planted, name: str) -> Comparison:
    return truth.world.compare(truth.runs["base"], truth.runs[name], CRITERION)


def test_scenario_25_causes_name_exactly_what_was_changed(truth: Planted) -> None:
    hits = named = planted_causes = 0
    for name, (_, expected) in VARIANTS.items():
        found = {cause.role for cause in compared(truth, name).causes}
        hits += len(found & expected)
        named += len(found)
        planted_causes += len(expected)
    precision, recall = hits / named, hits / planted_causes
    print(f"causes: precision {precision}, recall {recall} over {planted_causes}")
    assert (precision, recall) == (1.0, 1.0)


@pytest.mark.parametrize("name", [name for name, (_, causes) in VARIANTS.items() if causes])
def test_scenario_25_one_change_is_sole_and_two_are_confounded(truth: Planted, name: str) -> None:
    expected = VARIANTS[name][1]
    effects = [effect for cause in compared(truth, name).causes for effect in cause.effects]
    if len(expected) == 1:
        assert effects[0].attribution in (Attribution.SOLE, Attribution.NO_EFFECT)
    else:
        assert {effect.attribution for effect in effects} == {Attribution.CONFOUNDED}
        assert {effect.confounders for effect in effects} == {2}


def test_scenario_25_the_suggested_run_makes_both_isolated(truth: Planted) -> None:
    before = compared(truth, "two")
    (suggested,) = suggested_runs(before.causes)
    change = {"alpha": {"alpha": "0.1"}, "training": {"noise": 400}}
    (wanted,) = (cause.role for cause in before.causes if cause.label == suggested.changes[0].label)
    executed = Planted(truth.world, truth.runs)
    executed.variant("suggested", replace(BASE, **change[wanted]))
    found = _isolated(truth, "two")
    effects = {cause.role: cause.effects[0] for cause in found.causes}
    assert {effect.attribution for effect in effects.values()} <= {
        Attribution.ISOLATED,
        Attribution.NO_EFFECT,
    }
    assert all(effect.evidence is not None for effect in effects.values())
    assert effects["training"].attribution is Attribution.ISOLATED


def test_scenario_25_what_nobody_recorded_is_unexplained(truth: Planted) -> None:
    hidden = compared(truth, "hidden")
    assert hidden.causes == ()
    assert [each.metric.name for each in hidden.unexplained] == ["acc"]
    assert compared(truth, "nothing").unexplained == ()


def test_scenario_25_the_way_to_a_cause_leads_through_what_derives_from_it(truth: Planted) -> None:
    (cause,) = compared(truth, "upstream").causes
    kinds = [step.partition(":")[0] for step in cause.path]
    assert kinds == ["run", "artifact", "run", "artifact"]
    assert cause.distance == 3


def test_scenario_25_the_order_of_ingestion_and_downstream_runs_change_nothing(
    truth: Planted,
) -> None:
    again = Planted()
    again.variant("two", VARIANTS["two"][0])
    again.variant("base", BASE)
    again.world.run("later", use("model", "BASE_MODEL", "m", "1", kind="MODEL"))
    first, second = compared(truth, "two"), compared(again, "two")
    assert [(c.role, c.before, c.after, c.distance, c.effects) for c in second.causes] == [
        (c.role, c.before, c.after, c.distance, c.effects) for c in first.causes
    ]
    assert second.deltas == first.deltas


def test_swapping_the_sides_negates_raw_deltas(truth: Planted) -> None:
    for name in VARIANTS:
        (there,) = compared(truth, name).deltas
        back = truth.world.compare(truth.runs[name], truth.runs["base"], CRITERION).deltas[0]
        assert there.raw is not None
        assert back.raw == -there.raw


def test_scenario_26_one_sampled_digest_with_two_contents_is_a_conflict() -> None:
    rows = np.zeros((20_000, 4))
    other = rows.copy()
    other[-1] = 1.0
    digest = compute_numpy_digest(rows)
    assert compute_numpy_digest(other) == digest
    world = World()
    for name in ("one", "other"):
        evaluation = use("evaluation", "EVAL_DATA", "digits-test", digest)
        world.run(name, evaluation, metrics={"acc": 0.9})
    before = _eval_data(world)
    for name, content in (("one", rows), ("other", other)):
        world.record("run.logged", _content_tag(name, content))
    after = _eval_data(world)
    assert (before, after) == (Level.ASSUMED, Level.CONFLICT)


def _eval_data(world: World) -> Level:
    facts = gather_facts(world.graph, world, ["one", "other"], as_of=world.size)
    checks = comparability(facts[:1], facts[1:], ACCURACY, {}).checks
    return next(check.level for check in checks if check.facet is Facet.EVAL_DATA)


def _content_tag(run: str, content: Any) -> dict[str, Any]:
    digest = hashlib.sha256(content.tobytes()).hexdigest()
    tags = {"lineproof.facet.eval_data": f"sha256:{digest}"}
    return {"run_id": run, "metrics": [], "params": {}, "tags": tags, "uses": []}


def _isolated(truth: Planted, name: str) -> Comparison:
    world = truth.world
    file = DeltaIndexFile()
    file.apply(world.entries, old=Cursor(), new=Cursor(world.size))
    sides = world.facts(truth.runs["base"]), world.facts(truth.runs[name])
    arguments: dict[str, Any] = {"definitions": ACCURACY, "criteria": {"acc": CRITERION}}
    found = compare(*sides, graph=world.graph, as_of=world.size, **arguments)
    store = Store(DeltaIndex(file), world.graph, world, world.size)
    result = isolated(found, *sides, store=store, **arguments)
    file.close()
    return result
