"""Versions are numbered by first leaf, whatever was asked before and as of whichever position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import version_numbers
from analytics.version_numbers import artifact_ordinals
from graph.model import Node, NodeKind
from graph.port import NodeQuery
from tests.analytics.world import World, eval_data, train_data


def _world(uses: list[tuple[bool, int]]) -> World:
    """One run for each use: of training or evaluation data, in some version."""
    world = World()
    for number, (training, version) in enumerate(uses):
        made = train_data if training else eval_data
        world.run(f"r{number}", made(f"d{version}"))
    return world


def _plainly(versions: list[Node], names: set[str], most: int) -> dict[str, int]:
    """The definition: counted in the order of first leaves, up to a bound over all asked names."""
    counts: dict[tuple[str, str], int] = {}
    numbers: dict[str, int] = {}
    among = [node for node in versions if node.attributes["name"] in names]
    for node in among[:most]:
        key = (str(node.attributes["kind"]), str(node.attributes["name"]))
        counts[key] = numbers[node.id] = counts.get(key, 0) + 1
    return numbers


@given(
    uses=st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=14),
    questions=st.lists(
        st.tuples(st.floats(0, 1), st.sets(st.integers(0, 13), min_size=1)), max_size=6
    ),
    most=st.sampled_from([1, 3, 100]),
)
def test_numbers_do_not_depend_on_what_was_asked_before(
    uses: list[tuple[bool, int]], questions: list[tuple[float, set[int]]], most: int
) -> None:
    world = _world(uses)
    every = list(world.graph.find(NodeQuery("default", NodeKind.ARTIFACT)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(version_numbers, "MAX_VERSIONS", most)
        for share, chosen in questions:
            as_of = round(share * world.size)
            visible = list(world.graph.find(NodeQuery("default", NodeKind.ARTIFACT), as_of=as_of))
            asked = [visible[index] for index in sorted(chosen) if index < len(visible)]
            names = {str(node.attributes["name"]) for node in asked}
            expected = _plainly(every, names, most)
            found = artifact_ordinals(world.graph, asked, as_of=as_of)
            assert found == {node.id: expected[node.id] for node in asked if node.id in expected}
            assert artifact_ordinals(world.graph, asked, as_of=None) == found
