"""The design's second query, word for word, and what it must answer."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import merkle
from tests.schema.conftest import History

GATE = (Path(__file__).parent / "gate.graphql").read_text()
PROBLEM = """
mutation Gate($in: EvaluateGateInput!) { evaluateGate(input: $in) { __typename
  ... on Problem { code message hint } ... on Unavailable { retryAfter } } }
"""


@pytest.fixture(scope="module")
def written(new_history: Callable[[], History]) -> History:
    return new_history()


def question(history: History, candidate: str = "data", **more: Any) -> dict[str, Any]:
    return {
        "policy": "release",
        "candidate": {"runs": history.runs[candidate]},
        "baseline": {"group": history.runs["baseline"][0]},
        "ci": {"commit": "abc123", "repository": "a/b"},
        **more,
    }


def verdict(history: History, **kw: Any) -> dict[str, Any]:
    found: dict[str, Any] = history.data(GATE, **{"in": question(history, **kw)})["evaluateGate"]
    assert found["__typename"] == "Verdict", found
    return found


def test_a_worse_candidate_fails_with_its_cause_and_its_proof(written: History) -> None:
    found = verdict(written)
    assert (found["outcome"], found["blocking"], found["exitCode"]) == ("FAIL", True, 1)
    assert found["markdown"].startswith("<!-- lineproof:gate/release/")
    assert found["policy"]["name"] == "release"
    assert found["policy"]["preregistered"] is True
    assert found["subject"]["commit"] == "abc123"
    assert len(found["subject"]["runs"]) == len(found["baseline"]["runs"]) == 4
    assert found["baseline"]["selectedBy"] == "group"
    (rule,) = found["rules"]
    assert (rule["id"], rule["metric"], rule["severity"]) == ("accuracy", "accuracy", "BLOCK")
    assert rule["status"] == "FAIL"
    assert rule["delta"]["margin"] == 0.005
    assert rule["delta"]["interval"]["high"] < -0.005
    assert rule["samples"]["have"] == 4
    assert rule["waiver"] is None
    assert [cause["facet"] for cause in found["causes"]] == ["TRAIN_DATA"]
    assert found["analysis"] == {"id": "welch-holm", "version": "4"}


def test_the_proof_holds(written: History) -> None:
    proof = verdict(written)["proof"]
    leaf = int(proof["leafIndex"])
    (data,) = written.recorder.log.leaves(leaf, leaf + 1)
    merkle.verify_inclusion(
        leaf,
        int(proof["treeSize"]),
        data,
        [base64.b64decode(step) for step in proof["inclusion"]],
        base64.b64decode(proof["rootHash"]),
    )
    assert proof["rootHash"] in proof["checkpoint"]


def test_the_same_question_again_is_the_same_verdict(written: History) -> None:
    first = verdict(written, candidate="both")
    again = verdict(written, candidate="both")
    assert again["id"] == first["id"]
    assert again["replayed"] is True
    query = "query Q($id: ID!) { verdict(id: $id) { verdictId outcome evidence { treeSize } } }"
    assert written.data(query, id=first["id"])["verdict"]["outcome"] == first["outcome"]
    node = written.data("query Q($id: ID!) { node(id: $id) { __typename id } }", id=first["id"])
    assert node["node"] == {"__typename": "Verdict", "id": first["id"]}


def test_a_dry_run_records_nothing(new_history: Callable[[], History]) -> None:
    history = new_history()
    size = history.recorder.catch_up()
    found = verdict(history, dryRun=True)
    assert found["outcome"] == "FAIL"
    assert found["proof"] is None
    assert history.recorder.catch_up() == size


def test_verdicts_are_listed_and_told_with_their_policy(written: History) -> None:
    found = verdict(written)
    listed = written.data(
        """{ verdicts(first: 1, policy: "release") { totalCount nodes { id outcome statement
          policy { document { digest document name leafIndex appliedLeafIndex } digest }
          subject { selectedBy fingerprint runIds } rules { kind direction unit hint limit { max }
          baseline { n mean } candidate { n mean } } unexplained { metric } } } }"""
    )["verdicts"]
    assert listed["totalCount"] >= 1
    (latest,) = listed["nodes"]
    assert latest["policy"]["document"]["digest"] == latest["policy"]["digest"]
    assert latest["statement"]["outcome"] == latest["outcome"]
    assert found["id"]


@pytest.mark.parametrize(
    ("change", "type_name", "code"),
    [
        ({"policy": "nope"}, "NotFound", "NOT_FOUND"),
        ({"candidate": {"runs": ["nope"]}}, "NotFound", "NOT_FOUND"),
        ({"candidate": {"runs": ["f" * 32]}}, "NotFound", "NOT_FOUND"),
        ({"candidate": {}}, "InvalidRequest", "INVALID_ARGUMENT"),
        ({"candidate": {"filter": "metrics."}}, "InvalidRequest", "INVALID_ARGUMENT"),
        ({"policy": ""}, "InvalidRequest", "INVALID_NAME"),
    ],
)
def test_expected_failures_are_members_of_the_result(
    written: History, change: dict[str, Any], type_name: str, code: str
) -> None:
    asked = {**question(written), **change}
    problem = written.data(PROBLEM, **{"in": asked})["evaluateGate"]
    assert (problem["__typename"], problem["code"]) == (type_name, code)
    assert problem["message"]


def test_a_run_knows_the_verdicts_on_it(written: History) -> None:
    found = verdict(written)
    query = "query Q($id: ID!) { run(id: $id) { verdicts { id outcome } } }"
    judged = written.data(query, id=written.runs["data"][0])["run"]["verdicts"]
    assert {"id": found["id"], "outcome": "FAIL"} in judged
    assert written.data(query, id=written.runs["baseline"][0])["run"]["verdicts"] == []


def test_a_reused_key_with_another_question_is_a_conflict(written: History) -> None:
    verdict(written, idempotencyKey="build-1")
    asked = question(written, candidate="both", idempotencyKey="build-1")
    problem = written.data(PROBLEM, **{"in": asked})["evaluateGate"]
    assert (problem["__typename"], problem["code"]) == ("Conflict", "IDEMPOTENCY_CONFLICT")


def test_policies_by_name_and_id(written: History) -> None:
    listed = written.data("{ policies { id name digest document } }")["policies"]
    assert [policy["name"] for policy in listed] == ["release"]
    query = "query Q($id: ID!) { policy(id: $id) { digest } }"
    by_name = written.data(query, id="release")["policy"]
    assert written.data(query, id=listed[0]["id"])["policy"] == by_name
    assert written.code(query, id="nope") == "NOT_FOUND"


def test_the_ledger_tells_its_entries(written: History) -> None:
    point = written.data("{ ledgerPoint { treeSize rootHash } }")["ledgerPoint"]
    query = """query Q($n: BigInt!) { ledgerEntry(leafIndex: $n) { id leafIndex type actor source
      idempotencyKey at schemaVersion payload leafHash
      proof { leafIndex treeSize rootHash inclusion checkpoint text } } }"""
    entry = written.data(query, n=1)["ledgerEntry"]
    assert entry["type"] == "policy.applied"
    assert entry["payload"]["name"] == "release"
    proof = entry["proof"]
    merkle.verify_inclusion(
        1,
        int(proof["treeSize"]),
        base64.b64decode(entry["leafHash"]),
        [base64.b64decode(step) for step in proof["inclusion"]],
        base64.b64decode(proof["rootHash"]),
    )
    assert proof["text"].startswith("c2sp.org/tlog-proof@v1")
    assert written.code(query, n=point["treeSize"]) == "NOT_FOUND"
    foreign = written.recorder.append(
        "experiment.created",
        {"experiment_id": "9", "name": "x", "artifact_location": "", "tags": {}},
        project="other",
    )
    assert written.code(query, n=str(foreign)) == "NOT_FOUND"
