"""Who may change who may sign: k of those in force, one change after each set."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.approver import APPROVERS_SET
from domain.errors import ConflictError, ErrorCode, UsageError
from governance.approver_change import change_document
from governance.approvers import Approvers, approvers, replaced
from ledger.projection import rebuild
from ledger.signing import Signer
from tests.governance.test_waivers import ANN, BEN, CAT, EVE, PEOPLE
from tests.governance.world import World

_BUILDER = Signer("ci", b"\x09" * 32)


def _keys(*signers: Signer) -> list[str]:
    return [signer.verifier.vkey for signer in signers]


def _refused(world: World, threshold: int, keys: list[str], *by: Signer) -> ErrorCode:
    size = world.catch_up()
    with pytest.raises(UsageError) as caught:
        world.set_approvers(threshold, keys, by=by)
    assert world.log.head().size == size
    return caught.value.code


def test_a_change_must_be_signed_by_k_of_those_in_force_scenario_14(world: World) -> None:
    world.set_approvers(2, PEOPLE)
    mine = _keys(EVE)
    assert _refused(world, 1, mine) is ErrorCode.SIGNATURES_MISSING
    assert _refused(world, 1, mine, EVE) is ErrorCode.SIGNATURE_INVALID
    assert _refused(world, 1, mine, ANN) is ErrorCode.SIGNATURES_MISSING
    assert _refused(world, 1, mine, ANN, ANN) is ErrorCode.SIGNATURES_MISSING
    assert _refused(world, 1, mine, ANN, EVE) is ErrorCode.SIGNATURE_INVALID
    world.set_approvers(1, _keys(ANN, BEN), by=(BEN, CAT))
    assert _refused(world, 1, mine, CAT) is ErrorCode.SIGNATURE_REVOKED
    after = world.set_approvers(2, _keys(ANN, BEN, EVE), by=(ANN,))
    assert [key.name for key in after.keys] == ["ann", "ben", "eve"]
    assert [key.name for key in after.revoked] == ["cat"]


def test_a_change_counts_once_and_only_after_the_set_that_it_names(world: World) -> None:
    first = world.set_approvers(1, _keys(ANN))
    assert first.seq is not None
    again = world.set_approvers(1, _keys(ANN, BEN), by=(ANN,), after=first.seq)
    for keys in (_keys(ANN, CAT), _keys(ANN, BEN)):
        with pytest.raises(ConflictError):
            world.set_approvers(1, keys, by=(ANN,), after=first.seq)
        with pytest.raises(ConflictError):
            world.set_approvers(1, keys, after=-1)
    assert approvers(world.graph, "default", as_of=None) == again
    world.set_approvers(2, _keys(ANN, BEN), by=(ANN,))
    back = world.set_approvers(1, _keys(ANN, BEN), by=(ANN, BEN))
    assert back.threshold == 1
    assert len([e for e in world.log.read(0, 100) if e.type == APPROVERS_SET]) == 4


def test_the_set_is_judged_at_a_position_and_comes_back_from_the_ledger(world: World) -> None:
    sets = [world.set_approvers(1, _keys(ANN), signers=_keys(_BUILDER))]
    sets.append(world.set_approvers(1, _keys(ANN, BEN), by=(ANN,)))
    assert [key.name for key in sets[1].revoked] == ["ci"]
    rebuild(world.log, world.graph)
    for one in sets:
        assert one.seq is not None
        assert approvers(world.graph, "default", as_of=one.seq + 1) == one
    assert approvers(world.graph, "default", as_of=sets[0].seq).keys == ()


def test_a_revoked_key_stays_revoked(world: World) -> None:
    world.set_approvers(2, PEOPLE)
    world.set_approvers(2, PEOPLE[:2], by=(ANN, BEN))
    with pytest.raises(UsageError, match="was revoked"):
        world.set_approvers(2, PEOPLE, by=(ANN, BEN))
    with pytest.raises(UsageError, match="was revoked"):
        world.set_approvers(2, PEOPLE[:2], by=(ANN, BEN), signers=PEOPLE[2:])
    for threshold, keys in ((0, PEOPLE[:2]), (3, PEOPLE[:2]), (1, []), (1, ["x"])):
        with pytest.raises(UsageError):
            world.set_approvers(threshold, keys, by=(ANN, BEN))


def test_an_approver_may_sign_artifacts_too_but_two_people_may_not_be_one(world: World) -> None:
    both = world.set_approvers(1, _keys(ANN), signers=_keys(ANN, _BUILDER))
    assert [key.name for key in both.signers] == ["ann", "ci"]
    twin = Signer("ann", b"\x07" * 32)
    for keys, signers in ((_keys(ANN, twin), []), (_keys(ANN), _keys(twin))):
        with pytest.raises(UsageError, match="one name or one key"):
            world.set_approvers(1, keys, by=(ANN,), signers=signers)


@pytest.mark.parametrize(
    "change", [{"after": -2}, {"after": "0"}, {"threshold": True}, {"version": 2}, {"keys": "ann"}]
)
def test_what_is_no_change_is_refused(change: dict[str, object]) -> None:
    whole = {"version": 1, "project": "default", "after": -1, "threshold": 1, "keys": _keys(ANN)}
    change_document({**whole})
    with pytest.raises(UsageError):
        change_document({**whole, **change})  # pyright: ignore[reportArgumentType]


_ALL = [ANN, BEN, CAT, EVE, _BUILDER]
_STEPS = st.lists(
    st.tuples(st.integers(1, 3), st.sets(st.sampled_from(range(5)), min_size=1)), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(steps=_STEPS)
def test_nobody_who_was_left_out_ever_comes_back(
    steps: list[tuple[int, set[int]]],
) -> None:
    people = Approvers(1, (), ())
    gone: set[str] = set()
    for threshold, members in steps:
        keys = _keys(*(_ALL[index] for index in sorted(members)))
        try:
            after = replaced(people, threshold, keys)
        except UsageError:
            assert threshold > len(keys) or gone & set(keys)
            continue
        gone |= {key.vkey for key in people.keys} - set(keys)
        assert {key.vkey for key in after.revoked} == gone
        assert gone.isdisjoint(keys)
        people = after
