"""Waivers: enough of the right people, for one thing, until a time of the ledger's own."""

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ErrorCode, UsageError
from domain.verdict import Outcome, RuleStatus
from domain.waiver import WaiverDocument
from governance.approvers import NOBODY, Approvers, replaced
from governance.replay import replay_verdicts
from governance.verdict import VerdictRecord
from governance.waiver import check_signatures, sign_waiver, waiver_document
from governance.waiver_force import recorded_waivers
from ledger.projection import rebuild
from ledger.signing import Signer, parse_vkey
from tests.governance.world import BAD, World

ANN, BEN, CAT, EVE = (
    Signer(name, bytes([number]) * 32)
    for number, name in enumerate(("ann", "ben", "cat", "eve"), 1)
)
PEOPLE = [signer.verifier.vkey for signer in (ANN, BEN, CAT)]
HOUR = 3_600_000


def _root(world: World, root: str = "run:c0", hours: int = 1) -> WaiverDocument:
    expires = world.clock.now_ms() + hours * HOUR
    return waiver_document(
        {
            "version": 1,
            "project": "default",
            "root": root,
            "reason": "known, accepted",
            "expires": expires,
        }
    )


def _submit(world: World, document: WaiverDocument, *signers: Signer) -> None:
    signatures = [sign_waiver(document, signer) for signer in signers]
    world.registrar().submit(document, signatures, now=world.clock.now_ms())


def _held(world: World, *roots: str) -> None:
    """Five good candidates with held roots among them, and the approvers."""
    world.declare()
    world.batch("s")
    world.batch("c")
    world.set_approvers(2, PEOPLE)
    for root in roots:
        world.keeper().hold(root, "suspicious")


def _ask(world: World) -> VerdictRecord:
    return world.ask([f"c{i}" for i in range(5)], [f"s{i}" for i in range(5)])


def _refused(world: World, document: WaiverDocument, *signers: Signer) -> ErrorCode:
    size = world.log.head().size
    with pytest.raises(UsageError) as caught:
        _submit(world, document, *signers)
    assert world.log.head().size == size
    return caught.value.code


def test_each_insufficient_waiver_is_refused_with_its_own_error_scenario_14(world: World) -> None:
    _held(world, "run:c0")
    assert _refused(world, _root(world), ANN) is ErrorCode.SIGNATURES_MISSING
    assert _refused(world, _root(world), ANN, ANN) is ErrorCode.SIGNATURES_MISSING
    assert _refused(world, _root(world), ANN, EVE) is ErrorCode.SIGNATURE_INVALID
    world.set_approvers(2, PEOPLE[:2], by=(ANN, BEN))
    assert _refused(world, _root(world), ANN, CAT) is ErrorCode.SIGNATURE_REVOKED
    assert _refused(world, _root(world, hours=-1), ANN, BEN) is ErrorCode.WAIVER_EXPIRED
    assert _ask(world).outcome is Outcome.FAIL


def test_a_valid_waiver_opens_and_closes_at_its_end_scenario_14(world: World) -> None:
    _held(world, "run:c0")
    _submit(world, _root(world), ANN, BEN)
    open_ = _ask(world)
    assert open_.outcome is Outcome.WARN
    (rule,) = [rule for rule in open_.statement["rules"] if rule["id"] == "quarantine"]
    assert rule["status"] == RuleStatus.WAIVED
    assert rule["waiver"]["by"] == ["ann", "ben"]
    world.clock.advance(HOUR)
    closed = _ask(world)
    assert closed.outcome is Outcome.FAIL

    rebuild(world.log, world.graph)
    replayed = replay_verdicts(world.log, graph=world.graph, metrics=world.metrics)
    assert [each.seq for each in replayed] == [open_.seq, closed.seq]


def test_one_waiver_lifts_one_root_scenario_13(world: World) -> None:
    _held(world, "run:c0", "run:c1")
    _submit(world, _root(world, "run:c0"), ANN, CAT)
    assert _ask(world).outcome is Outcome.FAIL
    _submit(world, _root(world, "run:c1"), BEN, CAT)
    assert _ask(world).outcome is Outcome.WARN


def test_a_condemned_root_is_not_waived(world: World) -> None:
    _held(world, "run:c0")
    _submit(world, _root(world), ANN, BEN)
    world.keeper().condemn("run:c0", "it is poison")
    assert _ask(world).outcome is Outcome.FAIL


def test_keys_count_as_they_stood_when_they_signed(world: World) -> None:
    _held(world, "run:c0")
    _submit(world, _root(world), ANN, BEN)
    world.set_approvers(1, PEOPLE[2:], by=(ANN, BEN))
    assert _ask(world).outcome is Outcome.WARN
    (waiver,) = recorded_waivers(world.graph, "default", as_of=None)
    world.registrar().revoke(waiver.waiver_id, "no more")
    assert _ask(world).outcome is Outcome.FAIL


def test_a_dry_run_counts_no_waiver_since_it_may_not_witness_the_time(world: World) -> None:
    _held(world, "run:c0")
    _submit(world, _root(world), ANN, BEN)
    runs = [f"c{i}" for i in range(5)]
    size = world.log.head().size
    assert world.ask(runs, [f"s{i}" for i in range(5)], dryRun=True).outcome is Outcome.FAIL
    assert world.log.head().size == size


def test_a_rule_is_waived_for_the_runs_that_were_named(world: World) -> None:
    world.declare()
    world.batch("s")
    bad = world.batch("b", BAD)
    world.set_approvers(2, PEOPLE)
    assert world.ask(bad, [f"s{i}" for i in range(5)]).outcome is Outcome.FAIL
    document = waiver_document(
        {
            "version": 1,
            "project": "default",
            "policy": "release",
            "rule": "accuracy",
            "runs": [*bad],
            "reason": "the benchmark is wrong",
            "expires": world.clock.now_ms() + HOUR,
        }
    )
    _submit(world, document, ANN, BEN)
    waived = world.ask(bad, [f"s{i}" for i in range(5)])
    assert waived.outcome is Outcome.WARN
    assert waived.statement["rules"][0]["status"] == RuleStatus.WAIVED
    others = world.batch("x", BAD)
    assert world.ask(others, [f"s{i}" for i in range(5)]).outcome is Outcome.FAIL
    assert len(replay_verdicts(world.log, graph=world.graph, metrics=world.metrics)) == 3


def _scoped(world: World, **scope: str) -> WaiverDocument:
    return waiver_document(
        {
            "version": 1,
            "project": "default",
            "policy": "release",
            "rule": "accuracy",
            "reason": "the benchmark is wrong",
            "expires": world.clock.now_ms() + HOUR,
            **scope,
        }
    )


def test_a_rule_is_waived_for_a_run_group(world: World) -> None:
    world.declare()
    world.batch("s")
    world.set_approvers(2, PEOPLE)
    baseline = [f"s{i}" for i in range(5)]
    first = world.ask(world.batch("b", BAD, params={"alpha": "1"}), baseline)
    group = first.statement["subject"]["fingerprint"]
    assert first.outcome is Outcome.FAIL
    assert group
    _submit(world, _scoped(world, group=group), ANN, BEN)
    later = world.ask(world.batch("c", BAD, params={"alpha": "1"}), baseline)
    assert later.outcome is Outcome.WARN
    assert world.ask(world.batch("d", BAD, params={"alpha": "2"}), baseline).outcome is Outcome.FAIL
    assert world.ask(["c0", "c1", "c2", "d0"], baseline).outcome is Outcome.FAIL
    assert len(replay_verdicts(world.log, graph=world.graph, metrics=world.metrics)) == 4


def test_a_rule_is_waived_for_what_the_runs_made(world: World) -> None:
    world.declare()
    world.batch("s")
    world.set_approvers(2, PEOPLE)
    baseline, bad = [f"s{i}" for i in range(5)], world.batch("b", BAD)
    _submit(world, _scoped(world, artifact="churn.bin"), ANN, BEN)
    for run in bad[:4]:
        world.produce(run, "models/churn.bin", run.encode().hex().zfill(64))
    assert world.ask(bad, baseline).outcome is Outcome.FAIL
    assert world.ask(bad[:4], baseline).outcome is Outcome.WARN


def test_a_waiver_is_for_one_project_and_one_thing(world: World) -> None:
    _held(world, "run:c0")
    elsewhere = cast("WaiverDocument", {**_root(world), "project": "other"})
    assert _refused(world, elsewhere, ANN, BEN) is ErrorCode.INVALID_ARGUMENT
    base = {"version": 1, "project": "default", "reason": "r", "expires": 1}
    for more in (
        {},
        {"root": "a", "policy": "p", "rule": "r", "runs": ["x"]},
        {"policy": "p", "rule": "r"},
        {"policy": "p", "rule": "r", "runs": []},
        {"policy": "p", "rule": "r", "runs": ["x"], "group": "g"},
        {"policy": "p", "rule": "r", "artifact": ""},
        {"rule": "r", "group": "g"},
        {"root": "a", "expires": "soon"},
        {"root": "a", "version": 2},
        {"root": "a", "everything": True},
    ):
        with pytest.raises(UsageError):
            waiver_document({**base, **more})


DOCUMENT = waiver_document(
    {"version": 1, "project": "default", "root": "run:c0", "reason": "r", "expires": 5}
)


@settings(max_examples=60, deadline=None)
@given(
    threshold=st.integers(1, 3),
    signers=st.lists(st.sampled_from([ANN, BEN, CAT]), max_size=5),
    flipped=st.booleans(),
    bit=st.integers(0, 511),
)
def test_k_of_n_means_k_different_people_over_these_very_bytes(
    threshold: int, signers: list[Signer], flipped: bool, bit: int
) -> None:
    people = replaced(NOBODY, threshold, PEOPLE)
    signatures = [sign_waiver(DOCUMENT, signer) for signer in signers]
    if flipped and signatures:
        signatures[0] = {**signatures[0], "signature": _flip(signatures[0]["signature"], bit)}
    names = {signer.verifier.name for signer in signers}
    if (flipped and signatures) or len(names) < threshold:
        with pytest.raises(UsageError):
            check_signatures(DOCUMENT, signatures, people)
    else:
        assert check_signatures(DOCUMENT, signatures, people) == tuple(sorted(names))


def test_nobody_signs_for_nobody() -> None:
    with pytest.raises(UsageError):
        check_signatures(DOCUMENT, [], Approvers(0, (), ()))
    with pytest.raises(UsageError):
        check_signatures(DOCUMENT, [], Approvers(0, (parse_vkey(PEOPLE[0]),), ()))


def _flip(text: str, bit: int) -> str:
    import base64

    data = bytearray(base64.b64decode(text))
    data[bit // 8] ^= 1 << bit % 8
    return base64.b64encode(bytes(data)).decode()
