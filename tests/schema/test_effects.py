"""Effects over the whole store: what one change did, nearest groups, common causes."""

from typing import Any

import pytest

from tests.schema.conftest import History

EFFECTS = """query Q($facet: Facet!, $param: String, $first: Int, $after: String) {
  effects(facet: $facet, param: $param, metric: "accuracy", policy: "release",
          first: $first, after: $after) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { label delta { oriented interval { low high } } before { n mean } after { n }
      baseline { fingerprint runs { totalCount nodes { runId } } }
      candidate { runs { totalCount } } }
  } }"""


def test_effects_of_changing_the_training_data_alone(history: History) -> None:
    found = history.data(EFFECTS, facet="TRAIN_DATA")["effects"]
    (effect,) = [each for each in found["nodes"] if each["delta"]["oriented"] < -0.01]
    assert effect["label"].startswith("training data")
    assert effect["delta"]["oriented"] == pytest.approx(-0.05)
    assert (effect["before"]["n"], effect["after"]["n"]) == (4, 4)
    runs = [run["runId"] for run in effect["baseline"]["runs"]["nodes"]]
    assert runs == history.runs["baseline"]
    assert found["totalCount"] == len(found["nodes"])


def test_effects_of_one_parameter_and_by_pages(history: History) -> None:
    whole = history.data(EFFECTS, facet="PARAMS", param="alpha")["effects"]
    assert whole["totalCount"] >= 1
    assert all("param alpha" in each["label"] for each in whole["nodes"])
    page = history.data(EFFECTS, facet="PARAMS", param="alpha", first=0)["effects"]
    assert page["nodes"] == []
    assert page["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        {"facet": "SEED"},
        {"facet": "TRAIN_DATA", "param": "alpha"},
        {"facet": "PARAMS", "first": -1},
    ],
)
def test_what_is_no_slot_is_refused(history: History, wrong: dict[str, Any]) -> None:
    assert history.code(EFFECTS, **wrong) == "INVALID_ARGUMENT"


def test_the_nearest_groups_differ_in_one_thing(history: History) -> None:
    query = """query Q($of: ID!) { nearestGroups(of: $of) {
      slot label group { fingerprint runs { totalCount } } } }"""
    found = history.data(query, of=history.runs["both"][0])["nearestGroups"]
    assert [each["slot"] for each in found] == ["PARAMS/alpha"]
    found = history.data(query, of=history.runs["baseline"][0])["nearestGroups"]
    slots = [each["slot"] for each in found]
    assert "TRAIN_DATA" in slots
    assert "PARAMS" not in slots
    assert {each["group"]["runs"]["totalCount"] for each in found} == {4}
    assert history.code(query, of="f" * 32) == "NOT_FOUND"


def test_regressed_runs_share_their_training_data(history: History) -> None:
    query = """query Q($bad: RunSetInput!, $good: RunSetInput!) {
      commonCauses(regressed: $bad, others: $good, policy: "release") { hypotheses truncated
        causes { label distance node { kind }
          sharedBy { regressed regressedTotal others othersTotal p } } } }"""
    bad, good = {"runs": history.runs["data"]}, {"runs": history.runs["baseline"]}
    found = history.data(query, bad=bad, good=good)["commonCauses"]
    first = found["causes"][0]
    assert first["node"]["kind"] == "ARTIFACT"
    assert (first["sharedBy"]["regressed"], first["sharedBy"]["others"]) == (4, 0)
    assert first["sharedBy"]["p"] == pytest.approx(found["hypotheses"] / 70)


def test_confounded_causes_are_told_apart_by_the_other_variants(history: History) -> None:
    query = """query Q($b: RunSetInput!, $c: RunSetInput!) {
      comparison(baseline: $b, candidate: $c, policy: "release") {
        causes { label effects { attribution delta evidence { delta
          baseline { id } candidate { id } baselineRuns { id } candidateRuns { id } } } } } }"""
    sides = {"b": {"runs": history.runs["baseline"]}, "c": {"runs": history.runs["both"]}}
    causes = history.data(query, **sides)["comparison"]["causes"]
    effects = [effect for cause in causes for effect in cause["effects"]]
    assert len(effects) == 2
    for effect in effects:
        assert effect["attribution"] in ("ISOLATED", "SHARED", "NO_EFFECT")
        assert len(effect["evidence"]["baselineRuns"]) == 4
        assert effect["evidence"]["baseline"] == effect["evidence"]["baselineRuns"][0]
