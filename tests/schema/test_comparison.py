"""The design's first query, word for word, and what it must answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.schema.conftest import History
from tests.schema.recorded import EVAL, dataset

COMPARE = (Path(__file__).parent / "compare.graphql").read_text()


def compare(history: History, candidate: Any, **variables: Any) -> dict[str, Any]:
    given = {"b": {"runs": history.runs["baseline"]}, "c": candidate, "policy": "release"}
    comparison: dict[str, Any] = history.data(COMPARE, **{**given, **variables})["comparison"]
    return comparison


def test_a_single_change_is_its_sole_cause(history: History) -> None:
    found = compare(history, {"runs": history.runs["data"]})
    assert found["baseline"]["runs"]["totalCount"] == 4
    assert found["baseline"]["selectedBy"] == "runs"
    assert found["baseline"]["fingerprint"]
    assert {node["seed"] for node in found["candidate"]["runs"]["nodes"]} == {"0", "1", "2", "3"}
    assert found["candidate"]["runs"]["excluded"] == []
    assert found["comparability"]["level"] in ("VERIFIED", "ASSUMED", "UNKNOWN")
    (metric,) = found["metrics"]["nodes"]
    assert metric["key"] == {"name": "accuracy", "split": "", "reducer": "LAST"}
    assert (metric["direction"], metric["state"], metric["outcome"]) == ("HIGHER", "BOTH", "FAIL")
    assert metric["delta"]["oriented"] == pytest.approx(-0.05)
    assert metric["delta"]["margin"] == 0.005
    assert metric["delta"]["interval"]["level"] == "0.95"
    assert metric["delta"]["interval"]["high"] < -0.005
    assert metric["delta"]["pAdjusted"] is not None
    (cause,) = found["causes"]
    assert (cause["kind"], cause["facet"], cause["distance"]) == ("ARTIFACT", "TRAIN_DATA", 1)
    assert cause["before"][0]["id"] != cause["after"][0]["id"]
    assert "1111" in cause["before"][0]["digest"]
    assert [step["kind"] for step in cause["path"]] == ["RUN", "ARTIFACT"]
    (effect,) = cause["effects"]
    assert (effect["metric"], effect["attribution"]) == ("accuracy", "SOLE")
    assert effect["evidence"] is None
    assert cause["sharedBy"] is None
    assert found["suggestedRuns"] == []
    assert found["unexplained"] == []


def test_the_two_ancestries_are_one_graph(history: History) -> None:
    found = compare(history, {"runs": history.runs["data"]})["diffGraph"]
    sides = [node["side"] for node in found["nodes"]]
    assert (sides.count("BASELINE"), sides.count("CANDIDATE"), sides.count("BOTH")) == (5, 5, 1)
    ids = {node["id"] for node in found["nodes"]}
    assert all({edge["from"], edge["to"]} <= ids for edge in found["edges"])
    assert found["truncated"] is False


def test_confounded_causes_come_with_the_runs_that_separate_them(
    new_history: Callable[[], History],
) -> None:
    history = new_history()
    other = dataset("digits-train", "sha256:" + "3" * 64, role="training", facet="TRAIN_DATA")
    tags = {"lineproof.facet.eval_code": "sha256:" + "c" * 64}
    params = {"alpha": "0.5", "seed": "0"}
    history.recorder.run("9" * 32, accuracy=0.9, params=params, tags=tags, uses=[EVAL, other])
    found = compare(history, {"group": "9" * 32})
    assert len(found["causes"]) == 2
    attributions = {e["attribution"] for cause in found["causes"] for e in cause["effects"]}
    assert attributions == {"CONFOUNDED"}
    (suggested,) = found["suggestedRuns"]
    assert len(suggested["changes"]) == 1
    assert suggested["separates"] == [cause["label"] for cause in found["causes"]]


def test_the_same_question_has_the_same_answer_for_ever(history: History) -> None:
    first = compare(history, {"runs": history.runs["data"]})
    again = compare(
        history,
        {"runs": history.runs["data"][::-1]},
        asOf={"treeSize": first["asOf"]["treeSize"]},
    )
    assert again == first


def test_a_metric_without_a_policy_has_no_direction(history: History) -> None:
    found = compare(history, {"filter": "params.alpha = '0.01'"}, policy=None)
    (metric,) = found["metrics"]["nodes"]
    assert (metric["direction"], metric["outcome"]) == ("NONE", None)
    assert metric["delta"]["oriented"] is None
    assert metric["delta"]["raw"] == pytest.approx(-0.05)


@pytest.mark.parametrize(
    ("candidate", "policy", "code"),
    [
        ({"runs": ["nope"]}, None, "NOT_FOUND"),
        ({"runs": ["f" * 32]}, None, "NOT_FOUND"),
        ({"runs": []}, None, "INVALID_ARGUMENT"),
        ({}, None, "INVALID_ARGUMENT"),
        ({"filter": "params.alpha = 'none'"}, None, "NOT_FOUND"),
        ({"filter": "metrics."}, None, "INVALID_ARGUMENT"),
        ({"filter": "params.alpha = '0.01'"}, "nope", "NOT_FOUND"),
        ({"group": "R1", "filter": ""}, None, "INVALID_ARGUMENT"),
    ],
)
def test_what_cannot_be_compared_is_a_typed_error(
    history: History, candidate: dict[str, Any], policy: str | None, code: str
) -> None:
    baseline = {"runs": history.runs["baseline"]}
    assert history.code(COMPARE, b=baseline, c=candidate, policy=policy) == code


def test_a_run_group_is_made_from_the_fingerprint(history: History) -> None:
    found = history.data(
        """query Q($of: ID!) { runGroup(of: $of, policy: "release") { fingerprint replicateKeys
          facets { facet digest strength sources { id kind } }
          runs(first: 3) { totalCount nodes { runId } pageInfo { hasNextPage } } } }""",
        of=history.runs["both"][2],
    )["runGroup"]
    assert found["replicateKeys"] == ["seed"]
    assert found["runs"]["totalCount"] == 4
    assert [node["runId"] for node in found["runs"]["nodes"]] == history.runs["both"][:3]
    assert "TRAIN_DATA" in {facet["facet"] for facet in found["facets"]}


def test_lineage_in_both_directions(history: History) -> None:
    query = """query Q($of: ID!, $d: LineageDirection!, $n: Int!) {
      lineage(of: $of, direction: $d, maxNodes: $n) { truncated
        nodes { id kind label distance node { id __typename } }
        edges { from to type role facet leafIndex } } }"""
    run = history.data("query Q($id: ID!) { run(id: $id) { id } }", id=history.runs["data"][0])
    up = history.data(query, of=run["run"]["id"], d="UPSTREAM", n=300)["lineage"]
    assert [node["distance"] for node in up["nodes"]] == [0, 1, 1]
    assert [node["node"]["__typename"] for node in up["nodes"]] == ["Run", "Artifact", "Artifact"]
    assert [node["node"]["id"] for node in up["nodes"]] == [node["id"] for node in up["nodes"]]
    assert {edge["facet"] for edge in up["edges"]} == {"TRAIN_DATA", "EVAL_DATA"}
    down = history.data(query, of=up["nodes"][1]["id"], d="DOWNSTREAM", n=2)["lineage"]
    assert down["truncated"] is True
    code = history.code(query, of=run["run"]["id"], d="UPSTREAM", n=0)
    assert code == "INVALID_ARGUMENT"


def test_a_path_says_why_and_impact_says_what_for(history: History) -> None:
    run = history.data(
        "query Q($id: ID!) { run(id: $id) { id inputs { role artifact { id } } } }",
        id=history.runs["data"][0],
    )["run"]
    data = next(use["artifact"]["id"] for use in run["inputs"] if use["role"] == "training")
    query = """query Q($of: ID!, $to: ID!) { lineagePath(of: $of, to: $to) {
      nodes { id distance } edges { from to type role } } }"""
    path = history.data(query, of=run["id"], to=data)["lineagePath"]
    assert [node["id"] for node in path["nodes"]] == [run["id"], data]
    assert [edge["type"] for edge in path["edges"]] == ["USED"]
    assert history.data(query, of=data, to=run["id"])["lineagePath"]["nodes"] == []
    impact = history.data(
        "query Q($of: ID!) { impact(of: $of, kinds: [RUN]) { nodes { id kind } } }", of=data
    )["impact"]["nodes"]
    assert [node["kind"] for node in impact] == ["ARTIFACT", *["RUN"] * 8]
    assert run["id"] in {node["id"] for node in impact}
