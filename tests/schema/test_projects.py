"""Sets of runs across projects: compared, found by filters, and taken for baselines."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.quarantine import QUARANTINE_HELD
from tests.schema.conftest import History
from tests.schema.recorded import EVAL, TRAIN_2, run_id

QUERY = """query Q($b: RunSetInput!, $c: RunSetInput!) {
  comparison(baseline: $b, candidate: $c, policy: "release") {
    baseline { runs { totalCount } }
    candidate { runs {
      totalCount
      nodes {
        runId project metrics { last } inputs { artifact { name } } experiment { name }
        parents { runId }
      }
      excluded { run { runId } reason }
    } }
    comparability { level }
    metrics { nodes { key { name } outcome } }
    causes { facet label }
    diffGraph { nodes { side } } } }"""
EVALUATE = """mutation M($in: EvaluateGateInput!) { evaluateGate(input: $in) {
  ... on Verdict { outcome baseline { runIds runs { runId project } } }
  ... on Problem { code message } } }"""


@pytest.fixture(scope="module")
def two(new_history: Callable[[], History]) -> History:
    """The history, with the same experiment and worse runs in the project ``other``."""
    history = new_history()
    history.recorder.experiment(project="other", name="elsewhere")
    history.runs["other"] = [run_id(f"other/{seed}") for seed in range(4)]
    for seed, run in enumerate(history.runs["other"]):
        history.recorder.run(
            run,
            accuracy=0.9 + seed / 1000,
            params={"alpha": "0.0001", "seed": str(seed)},
            tags={"lineproof.facet.eval_code": "sha256:" + "c" * 64},
            uses=[EVAL, TRAIN_2],
            project="other",
        )
    history.recorder.catch_up()
    return history


def compared(history: History, candidate: dict[str, Any], **kw: Any) -> dict[str, Any]:
    given = {"b": {"runs": history.runs["baseline"]}, "c": candidate}
    found: dict[str, Any] = history.data(QUERY, **given, **kw)["comparison"]
    return found


@pytest.mark.parametrize("form", ["runs", "group", "filter", "experiment"])
def test_runs_of_another_project_are_compared(two: History, form: str) -> None:
    candidate: dict[str, Any] = {
        "runs": {"runs": two.runs["other"]},
        "group": {"group": two.runs["other"][0]},
        "filter": {"filter": "metrics.accuracy > 0.8 AND params.alpha = '0.0001'"},
        "experiment": {"filter": "params.alpha = '0.0001'", "experiments": ["elsewhere"]},
    }[form]
    found = compared(two, {**candidate, "projects": ["other"]})
    runs = found["candidate"]["runs"]
    assert [node["runId"] for node in runs["nodes"]] == two.runs["other"]
    first = runs["nodes"][0]
    assert (first["project"], first["experiment"]["name"]) == ("other", "elsewhere")
    assert sorted(use["artifact"]["name"] for use in first["inputs"]) == [
        "digits-test",
        "digits-train",
    ]
    assert found["comparability"]["level"] in ("VERIFIED", "ASSUMED", "UNKNOWN")
    assert [each["outcome"] for each in found["metrics"]["nodes"]] == ["FAIL"]
    assert [cause["facet"] for cause in found["causes"]] == ["TRAIN_DATA"]
    assert {node["side"] for node in found["diffGraph"]["nodes"]} >= {"BASELINE", "CANDIDATE"}


def test_one_set_may_span_projects(two: History) -> None:
    every = compared(two, {"filter": "params.alpha = '0.0001'", "projects": ["default", "other"]})
    runs = every["candidate"]["runs"]
    assert {node["project"] for node in runs["nodes"]} == {"default", "other"}
    assert runs["totalCount"] == len({*two.runs["baseline"], *two.runs["data"], *two.runs["other"]})


def test_a_run_is_looked_for_where_it_was_said(two: History) -> None:
    for projects in ({}, {"projects": ["default"]}, {"projects": ["none"]}):
        given = {"b": {"runs": two.runs["baseline"]}, "c": {"runs": two.runs["other"], **projects}}
        assert two.code(QUERY, **given) == "NOT_FOUND"
    asked = {"filter": "params.alpha = '1'", "experiments": ["nowhere"], "projects": ["other"]}
    assert two.code(QUERY, b={"runs": two.runs["baseline"]}, c=asked) == "NOT_FOUND"


def test_what_is_held_in_the_other_project_is_left_out(new_history: Callable[[], History]) -> None:
    history = new_history()
    held, sound = run_id("held"), run_id("sound")
    for run in (held, sound):
        history.recorder.run(run, accuracy=0.9, project="other")
    history.recorder.append(
        QUARANTINE_HELD,
        {
            "root": f"run:{held}",
            "closure_digest": "sha256:" + "0" * 64,
            "count": 1,
            "at_seq": 1,
            "reason": "leaked labels",
            "trigger": "person",
        },
        project="other",
    )
    found = compared(history, {"runs": [held, sound], "projects": ["other"]})["candidate"]["runs"]
    assert [node["runId"] for node in found["nodes"]] == [sound]
    (excluded,) = found["excluded"]
    assert excluded["run"]["runId"] == held
    assert "quarantined" in excluded["reason"]


def test_a_gate_may_take_its_baseline_elsewhere(new_history: Callable[[], History]) -> None:
    history = new_history()
    runs = [run_id(f"elsewhere/{seed}") for seed in range(4)]
    for seed, run in enumerate(runs):
        tags = {"lineproof.facet.eval_code": "sha256:" + "c" * 64}
        params = {"alpha": "0.0001", "seed": str(seed)}
        uses = [EVAL, TRAIN_2]
        history.recorder.run(
            run, accuracy=0.95, params=params, tags=tags, uses=uses, project="other"
        )
    question = {
        "policy": "release",
        "candidate": {"runs": history.runs["data"]},
        "baseline": {"runs": runs, "projects": ["other"]},
    }
    verdict = history.data(EVALUATE, **{"in": question})["evaluateGate"]
    assert verdict["outcome"] == "FAIL"
    assert sorted(verdict["baseline"]["runIds"]) == sorted(runs)
    assert [run["project"] for run in verdict["baseline"]["runs"]] == ["other"] * 4
    question["candidate"] = question.pop("baseline")
    problem = history.data(EVALUATE, **{"in": question})["evaluateGate"]
    assert problem["code"] == "INVALID_ARGUMENT"
    assert "projects" in problem["message"]
