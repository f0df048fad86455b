"""Causes beyond parameters and inputs: packages, derivations, stages, and what is in a version."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from analytics.causes import Cause, CauseKind
from analytics.version_changes import Change, ChangeKind
from domain.artifact import ArtifactUse, artifact_id
from domain.facet import Facet
from tests.analytics.world import World, train_data, use


def described(use: ArtifactUse, **about: object) -> ArtifactUse:
    """The use of an artifact of which more is said than its identity."""
    texts = {name: v if isinstance(v, str) else json.dumps(v) for name, v in about.items()}
    return {**use, "artifact": {**use["artifact"], "attributes": texts}}


def packages(file: str, **versions: str) -> ArtifactUse:
    digest = "/".join(f"{name}={version}" for name, version in sorted(versions.items()))
    made = use("environment", "ENVIRONMENT", file, digest, kind="ENVIRONMENT", algorithm="packages")
    return described(made, packages=versions)


def derived(world: World, *pairs: tuple[ArtifactUse, ArtifactUse]) -> None:
    """Each first artifact was derived from the second, by no known run."""
    payload: Any = {
        "artifacts": [use["artifact"] for pair in pairs for use in pair],
        "derivations": [
            {"artifact": _id(younger), "source": _id(older)} for younger, older in pairs
        ],
    }
    world.record("lineage.derived", payload)


def _id(made: ArtifactUse) -> str:
    return artifact_id("default", made["artifact"])


def causes(world: World, before: Sequence[Any], after: Sequence[Any]) -> list[Cause]:
    """Of one run a side that used these."""
    for side, uses in (("b", before), ("c", after)):
        world.run(side, *uses, metrics={"acc": 0.9})
    return list(world.compare(["b"], ["c"]).causes)


def test_files_of_one_environment_are_one_cause_that_names_packages() -> None:
    (cause,) = causes(
        World(),
        [packages("requirements.txt", numpy="1.26.4", scipy="1.11")],
        [packages("requirements.txt", numpy="2.0.1", polars="2.1")],
    )
    assert cause.label == "environment numpy 1.26.4 → 2.0.1, polars added 2.1, scipy removed 1.11"
    assert cause.facet is Facet.ENVIRONMENT
    assert cause.changes == (
        Change(ChangeKind.PACKAGE, "numpy", "1.26.4", "2.0.1"),
        Change(ChangeKind.PACKAGE, "polars", None, "2.1"),
        Change(ChangeKind.PACKAGE, "scipy", "1.11", None),
    )


def test_the_same_change_in_two_files_is_one_change() -> None:
    before, after = (
        [packages("requirements.txt", numpy=v), packages("conda.yaml", numpy=v, python="3.11")]
        for v in ("1", "2")
    )
    (cause,) = causes(World(), before, after)
    assert cause.label == "environment numpy 1 → 2"
    assert len(cause.before) == 2


def test_an_engine_that_is_named_with_its_version_is_a_package() -> None:
    sides = (
        [use("engine", "ENVIRONMENT", "spark", v, kind="ENVIRONMENT", algorithm="version")]
        for v in ("3.4", "3.5")
    )
    (cause,) = causes(World(), *sides)
    assert cause.label == "environment spark 3.4 → 3.5"


def test_packages_in_a_tag() -> None:
    world = World()
    for side, text in (("b", "numpy==1.26 python==3.11"), ("c", "numpy==2.0 python==3.11")):
        world.run(side, tags={"lineproof.facet.environment": text}, metrics={"acc": 0.9})
    (cause,) = world.compare(["b"], ["c"]).causes
    assert (cause.label, cause.kind) == ("environment numpy 1.26 → 2.0", CauseKind.TAG)


@pytest.mark.parametrize(
    ("before", "after", "label"),
    [
        (
            {"profile": {"num_rows": 1437}},
            {"profile": {"num_rows": 1347}},
            "(1437 → 1347 rows)",
        ),
        (
            {"profile": {"features_shape": [1437, 64]}},
            {"profile": {"features_shape": [1347, 64]}},
            "(1437 → 1347 rows)",
        ),
        (
            {"schema": {"mlflow_colspec": [{"name": "x", "type": "long"}]}},
            {"schema": {"mlflow_colspec": [{"name": "x", "type": "double"}]}},
            "(column x changed)",
        ),
        (
            {"schema": [{"name": "x", "type": "INT"}], "rows": "10"},
            {"schema": [{"name": "x", "type": "INT"}, {"name": "y", "type": "INT"}], "rows": "12"},
            "(10 → 12 rows; column y added)",
        ),
        (
            {"manifest": [{"relpath": "a", "md5": "1"}, {"relpath": "b", "md5": "1"}]},
            {"manifest": [{"relpath": "a", "md5": "2"}, {"relpath": "c", "md5": "1"}]},
            "(1 file added, 1 removed, 1 changed)",
        ),
        ({"files": "3", "bytes": "7"}, {"files": "4", "bytes": "9"}, "(3 → 4 files)"),
        ({"bytes": "7"}, {"bytes": "9"}, "(7 → 9 bytes)"),
    ],
)
def test_what_changed_in_a_dataset(before: Any, after: Any, label: str) -> None:
    (cause,) = causes(
        World(), [described(train_data("d1"), **before)], [described(train_data("d2"), **after)]
    )
    assert cause.label == f"training data digits-train v2 {label}"


@pytest.mark.parametrize("broken", ["", "{", "[1]", "{}", '{"num_rows": "many"}', "[[]]"])
def test_what_is_said_of_a_version_in_no_known_form_says_nothing(broken: str) -> None:
    sides = (
        [described(train_data(d), profile=broken, schema=broken, manifest=broken)]
        for d in ("d1", "d2")
    )
    (cause,) = causes(World(), *sides)
    assert (cause.label, cause.changes) == ("training data digits-train v2", ())


def test_the_cause_is_what_the_data_was_derived_from() -> None:
    world = World()
    sides = [(train_data(f"d{n}"), train_data(f"r{n}", "raw")) for n in (1, 2)]
    for side in sides:
        derived(world, side)
    (cause,) = causes(world, [sides[0][0]], [sides[1][0]])
    assert cause.label == "training data raw v2"
    assert (cause.distance, len(cause.path)) == (2, 3)


def test_derived_data_whose_sources_are_equal_is_the_cause_itself() -> None:
    world = World()
    raw = train_data("r1", "raw")
    derived(world, (train_data("d1"), raw), (train_data("d2"), raw))
    (cause,) = causes(world, [train_data("d1")], [train_data("d2")])
    assert cause.label == "training data digits-train v2"


def test_data_that_was_made_on_one_side_and_derived_on_the_other() -> None:
    world = World()
    world.run("prep", train_data("r1", "raw"), generates=[train_data("d1")], job="prep")
    derived(world, (train_data("d2"), train_data("r2", "raw")))
    (cause,) = causes(world, [train_data("d1")], [train_data("d2")])
    assert cause.label == "training data raw v2"


def test_derivations_in_a_circle_end() -> None:
    world = World()
    one, two, three, four = (train_data(f"d{n}") for n in range(1, 5))
    derived(world, (one, two), (two, one), (three, four), (four, three))
    (cause,) = causes(world, [one], [three])
    assert cause.label.startswith("training data digits-train")


def test_a_base_model_that_was_tuned_from_another() -> None:
    world = World()
    for side, base in (("1", "bert-base"), ("2", "bert-large")):
        tuned = use("model", "BASE_MODEL", "tuned", side, kind="MODEL", algorithm="sha256")
        derived(world, (tuned, use("m", "", base, base, kind="MODEL", algorithm="version")))
    sides = (
        [use("model", "BASE_MODEL", "tuned", side, kind="MODEL", algorithm="sha256")]
        for side in ("1", "2")
    )
    (cause,) = causes(world, *sides)
    assert cause.label == "base model bert-large"
    assert cause.facet is Facet.BASE_MODEL


@pytest.mark.parametrize("added", [True, False])
def test_a_stage_that_only_one_side_went_through(added: bool) -> None:
    world = World()
    raw, clean = train_data("r1", "raw"), train_data("c1", "clean")
    world.run("clean", raw, generates=[clean], job="clean.py")
    sides = ([raw], [clean]) if added else ([clean], [raw])
    (cause,) = causes(world, *sides)
    where = "candidate" if added else "baseline"
    assert cause.label == f"workflow clean.py only in the {where}"
    assert (cause.kind, cause.facet, cause.distance) == (CauseKind.EDGE, Facet.WORKFLOW, 2)
    assert cause.path[-1] == "run:clean"


def test_a_stage_and_other_data_before_it_are_two_causes() -> None:
    world = World()
    world.run("other", train_data("r1", "raw"))
    world.run(
        "clean", train_data("r2", "raw"), generates=[train_data("c1", "clean")], job="clean.py"
    )
    found = causes(world, [train_data("r1", "raw")], [train_data("c1", "clean")])
    assert [cause.label for cause in found] == [
        "workflow clean.py only in the candidate",
        "training data raw v2",
    ]


def test_another_job_that_made_the_data() -> None:
    world = World()
    for n, job in ((1, "jobs/prepare.py"), (2, "jobs/prepare_fast.py")):
        raw = train_data("r1", "raw")
        world.run(f"p{n}", raw, generates=[train_data(f"d{n}")], job=job)
    (cause,) = causes(world, [train_data("d1")], [train_data("d2")])
    assert cause.label == "workflow jobs/prepare.py → jobs/prepare_fast.py"


def test_a_job_in_another_folder_is_the_same_job() -> None:
    world = World()
    for n, job in ((1, "team-a/prepare.py"), (2, "team-b/prepare.py")):
        raw = train_data("r1", "raw")
        params = {"scale": str(n)}
        world.run(f"p{n}", raw, params=params, generates=[train_data(f"d{n}")], job=job)
    (cause,) = causes(world, [train_data("d1")], [train_data("d2")])
    assert cause.label == "param scale 1 → 2"


@pytest.mark.parametrize(
    ("parent_job", "labels"),
    [("dag.nightly", ["workflow dag.nightly only in the candidate"]), ("train.py", [])],
)
def test_a_parent_is_a_cause_unless_it_only_holds_its_own_runs(
    parent_job: str, labels: list[str]
) -> None:
    world = World()
    world.run("parent", job=parent_job)
    world.run("b", metrics={"acc": 0.9})
    world.run("c", parent="parent", metrics={"acc": 0.9})
    found = world.compare(["b"], ["c"]).causes
    assert [cause.label for cause in found] == labels
