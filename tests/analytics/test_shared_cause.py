"""Common causes: exact, and the planted one first."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analytics.decision import holm
from analytics.shared_cause import common_causes, fisher, holm_exact
from tests.analytics.world import World, train_data, use


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_fisher_is_scipys(hits: int, misses: int, other_hits: int, other_misses: int) -> None:
    exact = fisher(hits, hits + misses, other_hits, other_hits + other_misses)
    table = [[hits, misses], [other_hits, other_misses]]
    assert float(exact) == pytest.approx(stats.fisher_exact(table, "greater")[1], rel=1e-9)
    assert 0 < exact <= 1


@given(st.lists(st.fractions(0, 1), max_size=8))
def test_holm_is_the_one_of_decisions(ps: list[Fraction]) -> None:
    adjusted = holm_exact(dict(enumerate(ps)))
    expected = holm([float(p) for p in ps])
    assert [float(adjusted[i]) for i in range(len(ps))] == pytest.approx(list(expected))


@pytest.fixture(scope="module")
def world() -> World:
    """8 regressed runs and 31 others; a bad source feeds the training data of the former."""
    world = World()
    source = use("raw", "TRAIN_DATA", "source", "bad")
    prepared = [train_data(f"p{n}", name=f"prepared{n}") for n in range(2)]
    for number, data in enumerate(prepared):
        world.run(f"prep{number}", source, generates=[data], job="prepare.py")
    for number in range(8):
        world.run(f"bad{number}", prepared[number % 2], params={"seed": str(number)})
    for number in range(31):
        params = {"seed": str(number), "alpha": "1"}
        world.run(f"good{number}", train_data("clean"), params=params)
    return world


def test_8_of_8_regressed_runs_and_0_of_31_others_descend_from_it(world: World) -> None:
    found = common_causes(
        world.graph,
        [f"bad{n}" for n in range(8)],
        [f"good{n}" for n in range(31)],
        replicate_keys=["seed"],
        as_of=None,
        max_nodes=1_000,
    )
    first = found.causes[0]
    assert first.node is not None
    assert first.node.attributes["name"] == "source"
    assert (first.regressed, found.regressed_total) == (8, 8)
    assert (first.others, found.others_total) == (0, 31)
    assert first.p == pytest.approx(float(fisher(8, 8, 0, 31) * found.hypotheses))
    assert not found.truncated
    assert {cause.regressed for cause in found.causes[1:]} == {4}


def test_the_order_of_the_runs_changes_nothing(world: World) -> None:
    sides = [f"bad{n}" for n in range(8)], [f"good{n}" for n in range(31)]
    keys = {"replicate_keys": ["seed"], "as_of": None, "max_nodes": 1_000}
    one = common_causes(world.graph, *sides, **keys)  # type: ignore[arg-type]
    other = common_causes(world.graph, *(side[::-1] for side in sides), **keys)  # type: ignore[arg-type]
    assert one == other


def test_a_parameter_can_be_what_they_share(world: World) -> None:
    found = common_causes(
        world.graph,
        [f"good{n}" for n in range(31)],
        [f"bad{n}" for n in range(8)],
        replicate_keys=["seed"],
        as_of=None,
        max_nodes=1_000,
    )
    assert found.causes[0].param == "alpha=1"
    assert found.causes[0].distance == 0
    assert found.causes[1].p == found.causes[0].p


def test_a_cut_ancestry_says_so(world: World) -> None:
    found = common_causes(
        world.graph, ["bad0"], ["good0"], replicate_keys=[], as_of=None, max_nodes=2
    )
    assert found.truncated
