"""Signatures over artifacts: who signed what, as a policy asks, and what a bad one holds."""

import base64
import hashlib
import json
from typing import Any

import pytest

from domain.artifact import ARTIFACT_LOGGED
from domain.errors import ErrorCode, NotFoundError, UsageError
from domain.run import RUN_UPDATED
from domain.verdict import Outcome
from governance.holds import active_holds
from governance.in_toto import PAYLOAD_TYPE, STATEMENT_TYPE, signed_statement
from governance.replay import replay_verdicts
from graph.port import GraphStore
from ledger.dsse import sealed
from ledger.projection import rebuild
from ledger.signing import Signer
from tests.governance.test_waivers import ANN, EVE
from tests.governance.world import World, evaluation_code, evaluation_set

CI = Signer("ci", b"\x09" * 32)
OLD = Signer("old", b"\x0a" * 32)
POLICY = """\
version: 1
policies:
  release:
    rules:
      - {id: signed, provenance: {signed_by: {key: ci, artifact: model.bin}}}
"""
DATA_POLICY = POLICY.replace("artifact: model.bin", "facet: train_data")
REPLAYED = POLICY.replace("signed_by: {key: ci, artifact: model.bin}", "replay: required")
A, B = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()


def _people(world: World) -> None:
    world.set_approvers(1, [ANN.verifier.vkey], signers=[OLD.verifier.vkey])
    world.set_approvers(1, [ANN.verifier.vkey], by=(ANN,), signers=[CI.verifier.vkey])


def _envelope(digest: str, signer: Signer = CI, name: str = "model.bin") -> Any:
    return signed_statement([{"name": name, "digest": digest}], signer)


def _holds(world: World) -> list[tuple[str, str]]:
    return [
        (hold.root, hold.trigger)
        for hold in active_holds(world.graph, "default", as_of=None, at=None)
    ]


def test_what_a_run_made_must_be_signed_by_the_named_key(world: World) -> None:
    _people(world)
    world.declare(POLICY)
    world.start("one", {"accuracy": 1.0})
    world.start("two", {"accuracy": 1.0})
    assert world.ask(["one"]).outcome is Outcome.INCONCLUSIVE
    world.produce("one", "out/model.bin", A)
    unsigned = world.ask(["one"])
    assert unsigned.outcome is Outcome.FAIL
    assert "'ci' did not sign" in unsigned.statement["reason"]
    world.signatures().submit(_envelope(B))
    assert world.ask(["one"]).outcome is Outcome.FAIL
    world.signatures().submit(_envelope(A))
    assert world.ask(["one"]).outcome is Outcome.PASS
    world.produce("two", "out/model.bin", "2" * 64)
    assert world.ask(["one", "two"]).outcome is Outcome.FAIL
    rebuild(world.log, world.graph)
    assert len(replay_verdicts(world.log, graph=world.graph, metrics=world.metrics)) == 4


def test_a_file_that_a_client_stored_is_signed_as_well(world: World) -> None:
    _people(world)
    world.declare(POLICY)
    world.start("one", {"accuracy": 1.0})
    path = "1/one/artifacts/out/model.bin"
    said = {"path": path, "run_id": "one", "digest": f"sha256:{A}", "size": 1}
    world.append(ARTIFACT_LOGGED, said)
    assert world.ask(["one"]).outcome is Outcome.FAIL
    world.signatures().submit(_envelope(A))
    assert world.ask(["one"]).outcome is Outcome.PASS


def test_training_data_must_be_signed_and_so_identified_by_content(world: World) -> None:
    _people(world)
    world.declare(DATA_POLICY)

    def uses(algorithm: str, digest: str, strength: str) -> list[dict[str, Any]]:
        artifact = {
            "kind": "DATASET",
            "name": "rows.csv",
            "digest": digest,
            "algorithm": algorithm,
            "strength": strength,
        }
        return [{"role": "training", "facet": "TRAIN_DATA", "artifact": artifact}]

    world.start("sampled", {"accuracy": 1.0}, uses=uses("mlflow.numpy", "12345678", "SAMPLED"))
    world.start("whole", {"accuracy": 1.0}, uses=uses("sha256", A, "CONTENT"))
    assert world.ask(["sampled"]).outcome is Outcome.INCONCLUSIVE
    assert world.ask(["whole"]).outcome is Outcome.FAIL
    world.signatures().submit(_envelope(A, name="rows.csv"))
    assert world.ask(["whole"]).outcome is Outcome.PASS


def test_strangers_forgeries_and_revoked_keys_do_not_sign_scenario_14(world: World) -> None:
    _people(world)
    world.start("one", {"accuracy": 1.0})
    model = world.produce("one", "model.bin", A)

    def refused(envelope: Any) -> ErrorCode:
        with pytest.raises(UsageError) as caught:
            world.signatures().submit(envelope)
        return caught.value.code

    assert refused(_envelope(A, EVE)) is ErrorCode.SIGNATURE_INVALID
    assert refused(_envelope(A, ANN)) is ErrorCode.SIGNATURE_INVALID
    assert _holds(world) == []
    assert refused(_envelope(A, OLD)) is ErrorCode.SIGNATURE_REVOKED
    assert _holds(world) == [(model, "signature")]
    world.keeper().release(model, "looked at")
    forged = _envelope(A)
    forged["payload"] = _envelope(A, name="other.bin")["payload"]
    assert refused(forged) is ErrorCode.SIGNATURE_INVALID
    assert _holds(world) == [(model, "signature")]


def test_a_key_revoked_later_does_not_undo_but_a_revoked_signature_does(world: World) -> None:
    _people(world)
    world.declare(POLICY)
    world.start("one", {"accuracy": 1.0})
    model = world.produce("one", "model.bin", A)
    (signature,) = world.signatures().submit(_envelope(A))
    assert world.signatures().submit(_envelope(A)) == (signature,)
    world.set_approvers(1, [ANN.verifier.vkey], by=(ANN,))
    assert world.ask(["one"]).outcome is Outcome.PASS
    (gone,) = world.signatures().revoke(signature.signature_id, "the key was stolen")
    assert gone.revoked
    assert not gone.counts
    assert _holds(world) == [(model, "signature")]
    assert world.ask(["one"]).outcome is Outcome.FAIL
    with pytest.raises(NotFoundError):
        world.signatures().revoke("sha256:0", "x")


def test_signatures_read_the_same_on_every_store(world: World, graph_store: GraphStore) -> None:
    _people(world)
    world.signatures().submit(_envelope(A))
    rebuild(world.log, graph_store)
    from governance.artifact_signature import recorded_signatures

    found = recorded_signatures(graph_store, "default", digests=[A, B], as_of=None)
    assert found == recorded_signatures(world.graph, "default", as_of=None)
    assert [one.signed_by for one in found] == [("ci",)]


def test_a_statement_of_another_maker_counts(world: World) -> None:
    _people(world)
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "a", "digest": {"sha512": "x", "sha256": A}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {"n": 1.5}},
    }
    envelope: Any = dict(sealed(PAYLOAD_TYPE, json.dumps(statement).encode(), CI))
    envelope["signatures"] = [{"sig": envelope["signatures"][0]["sig"]}]
    (found,) = world.signatures().submit(envelope)
    assert (found.digest, found.signed_by) == (A, ("ci",))


def _broken(**change: Any) -> Any:
    return {**_envelope(A), **change}


@pytest.mark.parametrize(
    "envelope",
    [
        None,
        {},
        _broken(payloadType="text/plain"),
        _broken(payload="?"),
        _broken(payload=base64.b64encode(b"{}").decode()),
        _broken(payload=base64.b64encode(b"[" * 10_000).decode()),
        _broken(signatures=[]),
        _broken(signatures=[{"sig": "!"}]),
        _broken(signatures=[{"keyid": 1, "sig": "aaaa"}]),
        _envelope("A" * 64),
        _envelope("0" * 63),
    ],
)
def test_what_is_no_envelope_is_refused_and_records_nothing(world: World, envelope: Any) -> None:
    _people(world)
    size = world.log.head().size
    with pytest.raises(UsageError):
        world.signatures().submit(envelope)
    assert world.log.head().size == size


def _again(world: World, run_id: str, of: str, digest: str, **more: Any) -> None:
    world.start(run_id, {"accuracy": 1.0}, tags={"lineproof.replay_of": of}, **more)
    world.append(RUN_UPDATED, {"run_id": run_id, "status": "FINISHED"})
    world.produce(run_id, "model.bin", digest)


def test_a_required_replay_that_diverges_holds_the_run(world: World) -> None:
    world.declare(REPLAYED)
    world.start("one", {"accuracy": 1.0})
    assert world.ask(["one"]).outcome is Outcome.INCONCLUSIVE
    world.produce("one", "model.bin", A)
    assert world.ask(["one"]).outcome is Outcome.INCONCLUSIVE
    _again(world, "elsewhere", "one", B, uses=[evaluation_set("other"), evaluation_code()])
    other = world.ask(["one"])
    assert other.statement["rules"][0]["status"] == "NOT_COMPARABLE"
    assert _holds(world) == []

    world.start("two", {"accuracy": 1.0})
    world.produce("two", "model.bin", A)
    _again(world, "same", "two", A)
    assert world.ask(["two"]).outcome is Outcome.PASS
    _again(world, "diverged", "two", B)
    assert world.ask(["two"]).outcome is Outcome.FAIL
    assert _holds(world) == [("run:two", "divergence")]
