"""Declaring policies: only what changes is appended, and the latest application is in force."""

import pytest
import structlog

from domain.errors import NotFoundError
from domain.verdict import POLICY_APPLIED
from governance.declared_policy import find_policy, require_policy
from governance.policy_reader import parse_policy_document
from tests.governance.world import POLICY, World

STRICTER = POLICY.replace("0.005", "0.001")


def _digest(text: str) -> str:
    return parse_policy_document(text).policies["release"].digest()


def test_an_unchanged_policy_appends_nothing(world: World) -> None:
    first = world.declare()
    again = world.declare(
        POLICY.replace("{direction: higher}", "{direction: higher, reducer: last}")
    )

    assert first == {"release": 0}
    assert again == {}
    assert world.log.head().size == 1


def test_each_position_has_its_own_policy_in_force(world: World) -> None:
    for text in (POLICY, STRICTER, POLICY):
        world.declare(text)
    world.catch_up()

    found = [find_policy(world.graph, "default", "release", as_of=size) for size in range(4)]

    assert found[0] is None
    assert [each.digest for each in found[1:] if each] == [
        _digest(POLICY),
        _digest(STRICTER),
        _digest(POLICY),
    ]
    assert [each.leaf_index for each in found[1:] if each] == [0, 1, 2]


def test_an_unknown_policy_is_not_found_and_near_names_are_told(world: World) -> None:
    world.declare()
    world.catch_up()

    with pytest.raises(NotFoundError) as caught:
        require_policy(world.graph, "default", "relase", as_of=1)
    assert "'release'" in caught.value.hint
    with pytest.raises(NotFoundError):
        require_policy(world.graph, "other", "release", as_of=1)


def test_all_policies_of_a_document_are_declared_at_once_and_logged(world: World) -> None:
    two = POLICY + POLICY.split("policies:\n")[1].replace("release", "nightly")

    with structlog.testing.capture_logs() as logs:
        leaves = world.declare(two)

    assert leaves == {"release": 0, "nightly": 1}
    assert {entry.type for entry in world.log.read(0, 2)} == {POLICY_APPLIED}
    events = [entry for entry in logs if entry["event"] == "policy.applied"]
    assert [event["policy"] for event in events] == ["release", "nightly"]
