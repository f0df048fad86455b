from dataclasses import replace

import pytest

from analytics.facts import RunFacts
from analytics.groups import facet_digests, fingerprint, group_key, group_runs
from domain.facet import DEFAULT_REPLICATE_KEYS, Facet, Strength
from tests.analytics.runs import commit, dataset, evaluation, run

KEYS = DEFAULT_REPLICATE_KEYS


def seeded(run_id: str, seed: int, alpha: str = "1", **changes: object) -> RunFacts:
    facts = run(
        run_id,
        dataset("d"),
        evaluation("e"),
        commit("c"),
        params={"alpha": alpha, "seed": str(seed)},
        seq=seed,
    )
    return replace(facts, **changes)


def test_runs_that_differ_in_their_seed_are_one_group() -> None:
    assert fingerprint(seeded("a", 1), KEYS) == fingerprint(seeded("b", 2), KEYS)


@pytest.mark.parametrize(
    "other",
    [
        seeded("b", 1, alpha="2"),
        seeded("b", 1, project="other"),
        seeded("b", 1, inputs=(dataset("d2"), evaluation("e"), commit("c"))),
        seeded("b", 1, inputs=(dataset("d"), evaluation("e"))),
        seeded("b", 1, tags={"lineproof.facet.environment": "x"}),
    ],
)
def test_any_other_facet_makes_another_group(other: RunFacts) -> None:
    assert fingerprint(seeded("a", 1), KEYS) != fingerprint(other, KEYS)
    assert group_key(seeded("a", 1), KEYS) != group_key(other, KEYS)


@pytest.mark.parametrize(
    "tags", [{"lineproof.facet.hardware": "m1"}, {"mlflow.runName": "x"}, {"group": "x"}]
)
def test_hardware_and_other_tags_make_no_group(tags: dict[str, str]) -> None:
    assert fingerprint(seeded("a", 1), KEYS) == fingerprint(seeded("b", 1, tags=tags), KEYS)
    assert group_key(seeded("a", 1), KEYS) == group_key(seeded("b", 1, tags=tags), KEYS)


def test_the_replicate_keys_are_declared() -> None:
    one, two = seeded("a", 1), seeded("b", 1, alpha="2")
    assert fingerprint(one, ["alpha", "seed"]) == fingerprint(two, ["alpha", "seed"])
    assert fingerprint(one, []) != fingerprint(seeded("b", 2), [])


def test_facets_say_where_they_come_from_and_how_strongly() -> None:
    tags = {
        "lineproof.facet.environment": "sha256:" + "0" * 64,
        "lineproof.facet.workflow": "nightly",
    }
    facets = facet_digests(seeded("a", 1, tags=tags), KEYS)
    assert {facet: value.strength for facet, value in facets.items()} == {
        Facet.EVAL_DATA: Strength.SAMPLED,
        Facet.TRAIN_DATA: Strength.SAMPLED,
        Facet.TRAIN_CODE: Strength.MANIFEST,
        Facet.PARAMS: Strength.CONTENT,
        Facet.SEED: Strength.CONTENT,
        Facet.ENVIRONMENT: Strength.CONTENT,
        Facet.WORKFLOW: Strength.NAMED,
    }
    assert facets[Facet.PARAMS].nodes == ("run:a",)
    assert facets[Facet.TRAIN_DATA].nodes == ("artifact:DATASET/digits/mlflow.numpy/d",)


def test_a_run_without_anything_has_parameters_still() -> None:
    assert set(facet_digests(run("a"), KEYS)) == {Facet.PARAMS}


def test_groups_are_ordered_by_their_first_run() -> None:
    runs = [seeded("c", 3, alpha="2"), seeded("b", 2), seeded("a", 1), seeded("d", 4, alpha="2")]
    members = [[facts.run_id for facts in group] for group in group_runs(runs, KEYS).values()]
    assert members == [["a", "b"], ["c", "d"]]
