import pytest

from analytics.comparability import Check, Level, comparability, is_budget
from analytics.criterion import Criterion
from analytics.facts import Input, RunFacts
from domain.facet import Facet, Strength
from domain.metric import Direction, MetricDefinition
from tests.analytics.runs import commit, dataset, evaluation, run

SHA_A, SHA_B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
DEFINED = {"acc": MetricDefinition("acc", Direction.HIGHER)}


def check(
    facet: Facet,
    baseline: list[RunFacts],
    candidate: list[RunFacts],
    definitions: dict[str, MetricDefinition] | None = None,
    criteria: dict[str, Criterion] | None = None,
) -> Check:
    found = comparability(baseline, candidate, definitions or {}, criteria or {})
    return next(check for check in found.checks if check.facet is facet)


def stated(text: str, facet: str = "eval_data", *inputs: Input) -> RunFacts:
    return run("r", *inputs, tags={f"lineproof.facet.{facet}": text})


def content(digest: str) -> Input:
    return evaluation(digest, algorithm="sha256", strength=Strength.CONTENT)


def named(version: str) -> Input:
    return evaluation(version, algorithm="version", strength=Strength.NAMED)


@pytest.mark.parametrize(
    ("before", "after", "level", "strength"),
    [
        (content("x"), content("x"), Level.VERIFIED, Strength.CONTENT),
        (content("x"), content("y"), Level.BROKEN, Strength.CONTENT),
        (evaluation("x"), evaluation("x"), Level.ASSUMED, Strength.SAMPLED),
        (evaluation("x"), evaluation("y"), Level.BROKEN, Strength.SAMPLED),
        (named("1"), named("1"), Level.ASSUMED, Strength.NAMED),
        (named("1"), named("2"), Level.UNKNOWN, Strength.NAMED),
        (
            evaluation("x"),
            evaluation("x", algorithm="mlflow.pandas"),
            Level.UNKNOWN,
            Strength.NAMED,
        ),
        (evaluation("x"), content("x"), Level.UNKNOWN, Strength.NAMED),
    ],
)
def test_two_inputs(before: Input, after: Input, level: Level, strength: Strength) -> None:
    found = check(Facet.EVAL_DATA, [run("b", before)], [run("c", after)])
    assert (found.level, found.strength) == (level, strength)
    assert bool(found.hint) == (level is Level.UNKNOWN)


def test_evaluation_data_that_nobody_recorded() -> None:
    found = check(Facet.EVAL_DATA, [run("b")], [run("c")])
    assert found.level is Level.UNKNOWN
    assert found.hint == 'mlflow.log_input(dataset, context="evaluation")'
    assert found.baseline == () and found.candidate == ()


def test_one_silent_run_among_many_is_unknown() -> None:
    known = [run(f"b{n}", content("x")) for n in range(3)]
    found = check(Facet.EVAL_DATA, known, [run("c")])
    assert found.level is Level.UNKNOWN
    assert "1 of 4 runs" in found.reason


def test_one_different_run_among_many_breaks() -> None:
    known = [run(f"b{n}", content("x")) for n in range(3)]
    assert check(Facet.EVAL_DATA, known, [run("c", content("y"))]).level is Level.BROKEN
    assert check(Facet.EVAL_DATA, [*known, run("d", content("y"))], known).level is Level.BROKEN


def test_a_tag_decides_over_inputs() -> None:
    before, after = (stated(SHA_A, "eval_data", evaluation(digest)) for digest in ("x", "x"))
    assert check(Facet.EVAL_DATA, [before], [after]).level is Level.VERIFIED


def test_one_sampled_identity_with_two_contents_is_a_conflict() -> None:
    before = stated(SHA_A, "eval_data", evaluation("x"))
    after = stated(SHA_B, "eval_data", evaluation("x"))
    found = check(Facet.EVAL_DATA, [before], [after])
    assert (found.level, found.strength) == (Level.CONFLICT, Strength.CONTENT)


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        (SHA_A, SHA_A, Level.VERIFIED),
        (SHA_A, "A" * 64, Level.VERIFIED),
        (SHA_A, SHA_B, Level.BROKEN),
        ("v1", "v1", Level.ASSUMED),
        ("v1", "v2", Level.BROKEN),
        ("v1", SHA_A, Level.UNKNOWN),
    ],
)
@pytest.mark.parametrize("facet", [Facet.EVAL_DATA, Facet.EVAL_CODE, Facet.METRIC_DEF])
def test_explicit_tags_decide(facet: Facet, before: str, after: str, level: Level) -> None:
    sides = [stated(text, facet.lower()) for text in (before, after)]
    assert check(facet, [sides[0]], [sides[1]]).level is level


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ([commit("1")], [commit("1")], Level.ASSUMED),
        ([commit("1")], [commit("2")], Level.UNKNOWN),
        ([commit("1")], [], Level.UNKNOWN),
        ([], [], Level.UNKNOWN),
        ([commit("1", Facet.EVAL_CODE)], [commit("2", Facet.EVAL_CODE)], Level.UNKNOWN),
    ],
)
def test_a_commit_alone_never_breaks_evaluation_code(
    before: list[Input], after: list[Input], level: Level
) -> None:
    found = check(Facet.EVAL_CODE, [run("b", *before)], [run("c", *after)])
    assert found.level is level
    if level is Level.UNKNOWN:
        assert found.hint == 'mlflow.set_tag("lineproof.facet.eval_code", "sha256:…")'


def test_the_evaluation_files_own_digest_decides_over_commits() -> None:
    def evaluated(revision: str, digest: str) -> RunFacts:
        script = dataset(
            digest,
            role="evaluation_code",
            facet=Facet.EVAL_CODE,
            kind="CODE",
            algorithm="md5",
            strength=Strength.MANIFEST,
        )
        return run(revision, commit(revision), script)

    same = check(Facet.EVAL_CODE, [evaluated("1", "x")], [evaluated("2", "x")])
    other = check(Facet.EVAL_CODE, [evaluated("1", "x")], [evaluated("1", "y")])
    assert (same.level, other.level) == (Level.VERIFIED, Level.BROKEN)


def test_a_declared_metric_is_assumed_to_mean_one_thing() -> None:
    sides = [run("b", metrics={"acc": 1.0, "other": 1.0})], [run("c", metrics={"acc": 1.0})]
    judged = check(Facet.METRIC_DEF, *sides, DEFINED, {"acc": Criterion("acc")})
    assert judged.level is Level.ASSUMED
    every = check(Facet.METRIC_DEF, *sides, DEFINED)
    assert every.level is Level.UNKNOWN
    assert "other" in every.reason
    undeclared = check(Facet.METRIC_DEF, *sides, {}, {"acc": Criterion("acc")})
    assert undeclared.level is Level.UNKNOWN


def test_the_whole_is_as_bad_as_its_worst_check() -> None:
    sides = [run("b", content("x"), commit("1"))], [run("c", content("y"), commit("2"))]
    assert comparability(*sides, DEFINED, {}).level is Level.BROKEN
    assert comparability([sides[0][0]], [], DEFINED, {}).level is Level.UNKNOWN


def test_the_tag_input_that_ingest_derives_is_not_a_second_statement() -> None:
    old = evaluation("v0", algorithm="version", strength=Strength.NAMED)
    derived = dataset(
        "v0",
        role="facet.eval_data",
        facet=Facet.EVAL_DATA,
        name="eval_data",
        algorithm="version",
        strength=Strength.NAMED,
    )
    sides = [stated(SHA_A, "eval_data", derived)], [stated(SHA_A)]
    assert check(Facet.EVAL_DATA, *sides).level is Level.VERIFIED
    assert old.identity == "test@v0"


SECONDS = {"time": MetricDefinition("time", Direction.LOWER, unit="s")}


def timed(run_id: str, hardware: str, *inputs: Input) -> RunFacts:
    tags = {"lineproof.facet.hardware": hardware} if hardware else {}
    return run(run_id, *inputs, metrics={"time": 1.0, "acc": 0.9}, tags=tags)


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ("cpu-a", "cpu-a", Level.ASSUMED),
        ("cpu-a", "cpu-b", Level.BROKEN),
        ("cpu-a", "", Level.UNKNOWN),
    ],
)
def test_time_is_compared_on_one_hardware_alone(before: str, after: str, level: Level) -> None:
    sides = [timed("a", before)], [timed("b", after)]
    found = comparability(*sides, SECONDS, {})
    checks = {check.facet: check for check in found.budget_checks}
    assert set(checks) == {Facet.HARDWARE, Facet.ENVIRONMENT}
    assert checks[Facet.HARDWARE].level is level
    assert Facet.HARDWARE not in {check.facet for check in found.checks}
    accuracy = MetricDefinition("acc", Direction.HIGHER)
    assert found.of_metric(accuracy).level is found.level
    assert found.of_metric(SECONDS["time"]).checks == (*found.checks, *found.budget_checks)
    if level is Level.BROKEN:
        assert found.of_metric(SECONDS["time"]).level is Level.BROKEN


def test_without_a_budget_the_hardware_does_not_matter() -> None:
    sides = [timed("a", "cpu-a")], [timed("b", "cpu-b")]
    assert comparability(*sides, {"acc": MetricDefinition("acc")}, {}).budget_checks == ()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "By", "MiBy", "GBy", "kBy", "min", "h"])
def test_units_of_time_and_memory_are_budgets(unit: str) -> None:
    assert is_budget(MetricDefinition("m", unit=unit))


@pytest.mark.parametrize("unit", ["", "1", "%", "m", "meters", "S", "{tokens}", "Sv"])
def test_other_units_are_not(unit: str) -> None:
    assert not is_budget(MetricDefinition("m", unit=unit))
