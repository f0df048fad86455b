"""Sets of runs that are compared: what is left out and why, and the policy's own baseline."""

from pathlib import Path

import pytest

from domain.errors import NotFoundError, UsageError
from governance.declared_policy import require_policy
from governance.run_set import Filtered, GroupOf, RunIds, RunSet
from graph.model import NodeKind, node_id
from resolvers.comparisons import ComparisonRecord, compare_sets
from tests.governance.world import BAD, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def compared(
    world: World, baseline: RunSet | None, candidate: RunSet, *, policy: bool = False
) -> ComparisonRecord:
    as_of = world.catch_up()
    declared = require_policy(world.graph, "default", "release", as_of=as_of) if policy else None
    return compare_sets(
        world.graph,
        world.metrics,
        baseline,
        candidate,
        policy=declared.policy if declared else None,
        project="default",
        as_of=as_of,
    )


def test_every_form_of_a_set_says_what_it_leaves_out(world: World) -> None:
    good = world.batch("g")
    bad = world.batch("b", BAD, params={"alpha": "2"})
    world.delete("b0")
    world.append("run.updated", {"run_id": "b1", "status": "FAILED"})
    world.catch_up()
    world.keeper().hold(node_id(NodeKind.RUN, "b2"), reason="leaked")
    sets: list[RunSet] = [RunIds(tuple(bad)), GroupOf("b3")]
    for candidate in sets:
        side = compared(world, RunIds(tuple(good)), candidate).comparison.candidate
        assert side.run_ids == ("b3", "b4")
        assert {each.run_id: each.reason for each in side.excluded} == {
            "b0": "The run is deleted.",
            "b1": "The run is FAILED.",
            "b2": "The run descends from run:b2, which is quarantined.",
        }
    found = compared(world, RunIds(tuple(good)), Filtered("params.alpha = '2'", ()))
    assert found.comparison.candidate.run_ids == ("b3", "b4")


def test_a_filter_reaches_over_experiments(world: World) -> None:
    good = world.batch("g")
    world.experiment("1", "one")
    found = compared(world, Filtered("params.seed LIKE '%'", ()), RunIds((good[0],)))
    assert found.comparison.baseline.run_ids == tuple(good[1:])


def test_without_a_baseline_the_policys_rule_finds_it(world: World) -> None:
    world.declare()
    first, second = world.batch("a"), world.batch("b")
    assert world.ask(second, first).outcome.value == "PASS"
    found = compared(world, None, RunIds(tuple(world.batch("c", BAD))), policy=True)
    assert found.comparison.baseline.run_ids == tuple(second)
    assert found.comparison.baseline.selected_by == "last_passing"


def test_without_any_baseline_there_is_nothing_to_compare(world: World) -> None:
    runs = RunIds(tuple(world.batch("a")))
    with pytest.raises(UsageError):
        compared(world, None, runs)
    world.declare()
    with pytest.raises(NotFoundError):
        compared(world, None, runs, policy=True)
