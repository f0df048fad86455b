"""Quarantine, waivers and the history of policies over GraphQL."""

from collections.abc import Callable

import pytest

from domain.approver import FIRST
from domain.waiver import WAIVER_VERSION
from governance.approver_change import ApproverRegistrar, change_document
from governance.quarantine import Keeper
from governance.waiver import sign_waiver, waiver_document
from governance.waiver_entries import Registrar
from ledger.signing import Signer
from tests.schema.conftest import History

QUERY = """
query Q($at: LedgerPointInput) {
  quarantine(asOf: $at) { root state reason trigger leafIndex closureDigest count atSeq waiver }
  waivers(asOf: $at) { id document signedBy state inForce }
  policyHistory(name: "release", asOf: $at) { leafIndex digest }
}
"""


@pytest.fixture
def history(new_history: Callable[[], History]) -> History:
    return new_history()


def test_what_is_held_and_waived_is_shown_as_of_a_position(history: History) -> None:
    ports = history.recorder
    before = ports.catch_up()
    root = f"run:{history.runs['data'][0]}"
    parts = (ports.log, ports.graph, ports.catch_up, "default", "test")
    closure = Keeper(*parts).hold(root, "<b>bad</b>")
    held = history.data(QUERY)
    (hold,) = held["quarantine"]
    assert (hold["root"], hold["state"], hold["waiver"]) == (root, "held", None)
    assert (hold["closureDigest"], hold["count"]) == (closure["closure_digest"], closure["count"])
    assert len(held["policyHistory"]) == 1
    ann = Signer("ann", b"\1" * 32)
    people = {"threshold": 1, "keys": [ann.verifier.vkey]}
    change = change_document({"version": 1, "project": "default", "after": FIRST, **people})
    ApproverRegistrar(*parts).change(change, [])
    document = waiver_document(
        {
            "version": WAIVER_VERSION,
            "project": "default",
            "root": root,
            "reason": "known",
            "expires": 2**52,
        }
    )
    Registrar(*parts).submit(document, [sign_waiver(document, ann)], now=0)
    after = history.data(QUERY)
    (waiver,) = after["waivers"]
    assert (waiver["signedBy"], waiver["inForce"]) == (["ann"], True)
    assert after["quarantine"][0]["waiver"] == waiver["id"]
    past = history.data(QUERY, at={"treeSize": before})
    assert past["quarantine"] == past["waivers"] == []
