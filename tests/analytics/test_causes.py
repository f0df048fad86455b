from collections.abc import Mapping

import pytest

from analytics.causes import Attribution, CauseKind
from analytics.criterion import Criterion
from domain.artifact import ArtifactUse
from domain.facet import Facet
from tests.analytics.world import World, code, eval_data, model, train_data, use

ACC = (0.950, 0.948, 0.952)
WORSE = (0.900, 0.898, 0.902)


def replicates(
    world: World,
    prefix: str,
    *uses: ArtifactUse,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    values: tuple[float, ...] = ACC,
    first_seed: int = 0,
) -> list[str]:
    """One run for each value, with its own seed."""
    return [
        world.run(
            f"{prefix}{index}",
            *uses,
            params={"alpha": "0.0001", **(params or {}), "seed": str(first_seed + index)},
            tags=tags,
            metrics={"acc": value},
        )
        for index, value in enumerate(values)
    ]


BASE = (train_data("d1"), eval_data("e1"), code("1a2b3c4d5e"))


@pytest.mark.parametrize(
    ("uses", "changes", "label", "facet", "kind"),
    [
        (
            (train_data("d2"), eval_data("e1"), code("1a2b3c4d5e")),
            {},
            "training data digits-train v2",
            Facet.TRAIN_DATA,
            CauseKind.ARTIFACT,
        ),
        (
            (train_data("d1"), eval_data("e2"), code("1a2b3c4d5e")),
            {},
            "evaluation data digits-test v2",
            Facet.EVAL_DATA,
            CauseKind.ARTIFACT,
        ),
        (
            (train_data("d1"), eval_data("e1"), code("5d6e7f8a9b")),
            {},
            "training code 1a2b3c4 → 5d6e7f8",
            Facet.TRAIN_CODE,
            CauseKind.ARTIFACT,
        ),
        (
            BASE,
            {"params": {"alpha": "0.01"}},
            "param alpha 0.0001 → 0.01",
            Facet.PARAMS,
            CauseKind.PARAM,
        ),
        (
            BASE,
            {"params": {"shuffle": "no"}},
            "param shuffle absent → no",
            Facet.PARAMS,
            CauseKind.PARAM,
        ),
        (
            BASE,
            {"tags": {"lineproof.facet.environment": "py312"}},
            "environment absent → py312",
            Facet.ENVIRONMENT,
            CauseKind.TAG,
        ),
        (
            (eval_data("e1"), code("1a2b3c4d5e")),
            {},
            "training data digits-train v1 only in the baseline",
            Facet.TRAIN_DATA,
            CauseKind.EDGE,
        ),
    ],
)
def test_one_planted_change_is_the_one_cause(
    uses: tuple[ArtifactUse, ...],
    changes: dict[str, Mapping[str, str]],
    label: str,
    facet: Facet,
    kind: CauseKind,
) -> None:
    world = World()
    baseline = replicates(world, "b", *BASE)
    candidate = replicates(world, "c", *uses, values=WORSE, first_seed=50, **changes)
    comparison = world.compare(baseline, candidate)
    (cause,) = comparison.causes
    assert (cause.label, cause.facet, cause.kind) == (label, facet, kind)
    (effect,) = cause.effects
    assert effect.attribution is Attribution.SOLE
    assert effect.oriented == pytest.approx(-0.05)
    assert comparison.unexplained == ()
    assert cause.path[0] in {"run:c0", "run:b0"}


def test_two_planted_changes_are_confounded() -> None:
    world = World()
    baseline = replicates(world, "b", *BASE)
    candidate = replicates(
        world, "c", train_data("d2"), *BASE[1:], params={"alpha": "0.01"}, values=WORSE
    )
    causes = world.compare(baseline, candidate).causes
    assert [cause.label for cause in causes] == [
        "param alpha 0.0001 → 0.01",
        "training data digits-train v2",
    ]
    assert [(c.distance, c.path[-1] == c.path[0]) for c in causes] == [(0, True), (1, False)]
    for cause in causes:
        assert [(e.attribution, e.confounders) for e in cause.effects] == [
            (Attribution.CONFOUNDED, 2)
        ]


def test_seeds_are_no_cause() -> None:
    world = World()
    baseline = replicates(world, "b", *BASE)
    candidate = replicates(world, "c", *BASE, first_seed=70)
    comparison = world.compare(baseline, candidate)
    assert comparison.causes == ()
    assert comparison.unexplained == ()


def test_a_sole_change_within_the_margin_has_no_effect() -> None:
    world = World()
    baseline = replicates(world, "b", *BASE)
    candidate = replicates(world, "c", *BASE, params={"alpha": "0.0002"})
    (cause,) = world.compare(baseline, candidate, Criterion("acc", "0.005")).causes
    assert cause.effects[0].attribution is Attribution.NO_EFFECT


@pytest.mark.parametrize("values", [(0.947, 0.945, 0.949), (0.950,)])
def test_an_effect_is_not_denied_unless_the_whole_interval_is_within_the_margin(
    values: tuple[float, ...],
) -> None:
    world = World()
    baseline = replicates(world, "b", *BASE, values=ACC[: len(values)])
    candidate = replicates(world, "c", *BASE, params={"alpha": "0.0002"}, values=values)
    (cause,) = world.compare(baseline, candidate, Criterion("acc", "0.005")).causes
    assert cause.effects[0].attribution is Attribution.SOLE


def test_a_change_that_nobody_recorded_is_unexplained() -> None:
    world = World()
    baseline = replicates(world, "b", *BASE)
    candidate = replicates(world, "c", *BASE, values=WORSE)
    comparison = world.compare(baseline, candidate)
    assert comparison.causes == ()
    (unexplained,) = comparison.unexplained
    assert unexplained.metric.name == "acc"
    assert "no recorded cause" in unexplained.reason


@pytest.mark.parametrize(("seed", "expected"), [("7", 1), ("8", 0)])
def test_one_run_against_one_of_the_same_seed(seed: str, expected: int) -> None:
    world = World()
    world.run("b", params={"seed": "7"}, metrics={"acc": 0.9})
    world.run("c", params={"seed": seed}, metrics={"acc": 0.8})
    assert len(world.compare(["b"], ["c"]).unexplained) == expected


def test_one_commit_is_one_cause_even_as_evaluation_code() -> None:
    world = World()
    sides = [
        replicates(world, prefix, code(commit), code(commit, "EVAL_CODE", "evaluation_code"))
        for prefix, commit in (("b", "1a2b3c4d5e"), ("c", "5d6e7f8a9b"))
    ]
    (cause,) = world.compare(*sides).causes
    assert cause.label == "training code 1a2b3c4 → 5d6e7f8"


def test_the_same_bytes_under_another_name_or_role_are_no_cause() -> None:
    world = World()
    baseline = replicates(world, "b", train_data("d1"))
    candidate = replicates(world, "c", use("train", "TRAIN_DATA", "renamed", "d1"))
    assert world.compare(baseline, candidate).causes == ()


def evaluated(
    world: World, prefix: str, data: str, *, params: Mapping[str, str] | None = None, seed: int = 0
) -> list[str]:
    """Two trainings on ``data``, and an evaluation run of each model."""
    runs: list[str] = []
    for index in range(2):
        made = model(f"m-{prefix}{index}")
        world.run(
            f"train-{prefix}{index}",
            train_data(data),
            params={"seed": str(seed + index), **(params or {})},
            generates=[made],
        )
        runs.append(
            world.run(
                f"{prefix}{index}",
                made,
                eval_data("e1"),
                metrics={"acc": 0.9 + index / 100},
                job="evaluate.py",
            )
        )
    return runs


def test_the_cause_is_the_data_behind_the_model() -> None:
    world = World()
    baseline, candidate = evaluated(world, "b", "d1"), evaluated(world, "c", "d2")
    (cause,) = world.compare(baseline, candidate).causes
    assert cause.label == "training data digits-train v2"
    assert cause.distance == 3
    assert cause.path[0] == "run:c0"
    assert cause.path[2] == "run:train-c0"
    assert cause.path[3] == cause.after_ids[0]
    assert len(cause.path) == 4


def test_a_parameter_of_the_training_behind_the_model() -> None:
    world = World()
    baseline = evaluated(world, "b", "d1", params={"alpha": "1"})
    candidate = evaluated(world, "c", "d1", params={"alpha": "2"})
    (cause,) = world.compare(baseline, candidate).causes
    assert (cause.label, cause.distance) == ("param alpha 1 → 2", 2)
    assert cause.path[-1] == "run:train-c0"


def test_models_that_differ_by_seed_alone_are_no_cause() -> None:
    world = World()
    baseline, candidate = evaluated(world, "b", "d1"), evaluated(world, "c", "d1", seed=9)
    assert world.compare(baseline, candidate).causes == ()


def test_a_model_that_differs_with_nothing_upstream_differing_is_the_cause() -> None:
    world = World()
    baseline, candidate = evaluated(world, "b", "d1"), evaluated(world, "c", "d1")
    (cause,) = world.compare(baseline, candidate).causes
    assert cause.label == "base model m-c0, m-c1"
    assert cause.distance == 1


def test_two_artifacts_of_one_differing_maker_lead_to_it() -> None:
    world = World()
    for side, source in (("b", "raw1"), ("c", "raw2")):
        outputs = [train_data(f"{side}-train"), eval_data(f"{side}-test")]
        world.run(f"split-{side}", train_data(source, "raw"), generates=outputs, job="split.py")
        world.run(side, *outputs, metrics={"acc": 0.9})
    (cause,) = world.compare(["b"], ["c"]).causes
    assert cause.label == "training data raw v2"


def test_what_differs_in_the_parent_run_is_a_cause() -> None:
    world = World()
    for side, alpha in (("b", "1"), ("c", "2")):
        world.run(f"sweep-{side}", params={"alpha": alpha}, job="sweep.py")
        world.run(side, parent=f"sweep-{side}", metrics={"acc": 0.9})
    (cause,) = world.compare(["b"], ["c"]).causes
    assert (cause.label, cause.distance) == ("param alpha 1 → 2", 1)
    assert cause.path == ("run:c", "run:sweep-c")


def test_the_same_change_in_parent_and_child_is_one_cause() -> None:
    world = World()
    for side, alpha in (("b", "1"), ("c", "2")):
        world.run(f"sweep-{side}", params={"alpha": alpha}, job="sweep.py")
        world.run(side, params={"alpha": alpha}, parent=f"sweep-{side}", metrics={"acc": 0.9})
    (cause,) = world.compare(["b"], ["c"]).causes
    assert cause.distance == 0


def test_a_cycle_ends() -> None:
    world = World()
    for side in ("b", "c"):
        made = model(f"m-{side}")
        world.run(side, made, generates=[made], metrics={"acc": 0.9})
    (cause,) = world.compare(["b"], ["c"]).causes
    assert cause.label == "base model m-c"


def test_many_values_are_counted_in_the_label() -> None:
    world = World()
    world.run("b", params={"alpha": "0"}, metrics={"acc": 0.9})
    candidate = [
        world.run(f"c{n}", params={"alpha": str(n)}, metrics={"acc": 0.9}) for n in range(1, 6)
    ]
    (cause,) = world.compare(["b"], candidate).causes
    assert cause.label == "param alpha 0 → 1, 2, 3, … (5)"
    assert cause.after == ("1", "2", "3", "4", "5")
