from collections.abc import Callable
from typing import Any

import pytest

from analytics.facts import gather_facts
from domain.errors import ErrorCode, NotFoundError
from domain.facet import Facet, Strength
from graph.memory import MemoryGraph
from tests.analytics.world import World, eval_data, train_data


def test_everything_known_of_a_run() -> None:
    world = World()
    world.run("p")
    world.run(
        "r",
        train_data("d1"),
        eval_data("e1"),
        params={"alpha": "1"},
        tags={"team": "x"},
        metrics={"acc": 0.5},
        parent="p",
    )
    (facts,) = world.facts(["r"])
    assert (facts.run_id, facts.project, facts.status, facts.seq) == ("r", "default", "FINISHED", 4)
    assert facts.params == {"alpha": "1"}
    assert facts.tags == {"team": "x"}
    assert facts.parents == ("p",)
    assert facts.metrics["acc"].last == 0.5
    assert [(use.role, use.facet, use.strength, use.ordinal) for use in facts.inputs] == [
        ("evaluation", Facet.EVAL_DATA, Strength.SAMPLED, 1),
        ("training", Facet.TRAIN_DATA, Strength.SAMPLED, 1),
    ]


def test_versions_are_numbered_by_first_use() -> None:
    world = World()
    for run_id, digest in (("a", "x"), ("b", "y"), ("c", "x"), ("d", "z")):
        world.run(run_id, train_data(digest))
    facts = world.facts(["d", "c", "b", "a"])
    assert [each.inputs[0].ordinal for each in facts] == [3, 1, 2, 1]


def test_a_past_position_knows_nothing_of_later_entries() -> None:
    world = World()
    world.run("a", train_data("x"), params={"alpha": "1"})
    past = world.size
    world.run("b", train_data("y"))
    world.record("run.deleted", {"run_id": "a"})
    (then,) = gather_facts(world.graph, world, ["a"], as_of=past)
    (now,) = gather_facts(world.graph, world, ["a"], as_of=None)
    assert (then.deleted, now.deleted) == (False, True)
    with pytest.raises(NotFoundError):
        gather_facts(world.graph, world, ["b"], as_of=past)


def test_unknown_runs_are_listed() -> None:
    world = World()
    world.run("a")
    with pytest.raises(NotFoundError) as caught:
        world.facts(["zz", "a", "yy"])
    assert caught.value.code is ErrorCode.NOT_FOUND
    assert caught.value.context["run_ids"] == ["zz", "yy"]


def test_repeated_ids_are_answered_once_in_the_order_asked() -> None:
    world = World()
    for run_id in ("a", "b"):
        world.run(run_id)
    assert [facts.run_id for facts in world.facts(["b", "a", "b"])] == ["b", "a"]


def test_the_value_at_a_step_is_the_last_of_that_step() -> None:
    world = World()
    world.run("a")
    world.series["a", "loss"] = [(0, 0, 9.0), (5, 0, 3.0), (5, 1, 2.0), (6, 0, 1.0)]
    (facts,) = gather_facts(world.graph, world, ["a"], as_of=None, steps=[("loss", 5), ("loss", 4)])
    assert facts.at_steps == {("loss", 5): 2.0}


class Counting:
    """A graph that counts the calls made of it."""

    def __init__(self, graph: MemoryGraph) -> None:
        self.calls: list[str] = []
        self._graph = graph

    def __getattr__(self, name: str) -> Callable[..., Any]:
        self.calls.append(name)
        return getattr(self._graph, name)


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_graph_calls_is_constant(count: int) -> None:
    world = World()
    ids = [world.run(f"r{n}", train_data(f"d{n}")) for n in range(count)]
    graph = Counting(world.graph)
    gather_facts(graph, world, ids, as_of=None)
    assert sorted(graph.calls) == ["find", "nodes", "nodes", "outgoing"]
