"""Scenario 28: any query with ``asOf`` gives the same bytes after 10,000 further entries."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from ledger.entry import Draft
from tests.schema.conftest import History
from tests.schema.recorded import EVAL, TRAIN_1, TRAIN_2
from tests.schema.test_comparison import COMPARE

FURTHER = 10_000
_CHUNK = 500
RUN = "query Q($of: ID!) { run(id: $of) { id inputs { role artifact { id } } } }"
QUERIES = {
    "compare": COMPARE,
    "effects": """query Q($asOf: LedgerPointInput) {
      effects(facet: TRAIN_DATA, metric: "accuracy", policy: "release", asOf: $asOf) { totalCount
        nodes { label delta { raw oriented } baseline { fingerprint runs { totalCount } } } } }""",
    "nearest": """query Q($of: ID!, $asOf: LedgerPointInput) {
      nearestGroups(of: $of, asOf: $asOf) { slot label group { runs { totalCount } } } }""",
    "common": """query Q($b: RunSetInput!, $c: RunSetInput!, $asOf: LedgerPointInput) {
      commonCauses(regressed: $c, others: $b, asOf: $asOf) { hypotheses
        causes { label distance sharedBy { regressed others p } } } }""",
    "group": """query Q($of: ID!, $asOf: LedgerPointInput) { runGroup(of: $of, asOf: $asOf) {
      fingerprint facets { facet digest } runs { totalCount nodes { id } } } }""",
    "lineage": """query Q($of: ID!, $asOf: LedgerPointInput) { lineage(of: $of, asOf: $asOf) {
      nodes { id label distance } edges { from to role } } }""",
    "impact": """query Q($data: ID!, $asOf: LedgerPointInput) { impact(of: $data, asOf: $asOf) {
      nodes { id label distance } edges { from to role } } }""",
    "path": """query Q($of: ID!, $data: ID!, $asOf: LedgerPointInput) {
      lineagePath(of: $of, to: $data, asOf: $asOf) { nodes { id } edges { from to } } }""",
    "runs": """query Q($asOf: LedgerPointInput) {
      runs(filter: "metrics.accuracy > 0.9 AND params.alpha = '0.0001'", asOf: $asOf) { totalCount
        nodes { id name status params { key value } metrics { key last count } } } }""",
    "run": """query Q($of: ID!, $asOf: LedgerPointInput) { run(id: $of, asOf: $asOf) {
      name status tags { key value } metrics { key last min max count } } }""",
}


def answers(
    history: History, variables: dict[str, Any], names: Iterable[str] = tuple(QUERIES)
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        query = QUERIES[name]
        known = {key: value for key, value in variables.items() if f"${key}:" in query}
        found[name] = json.dumps(history.data(query, **known), sort_keys=True)
    return found


def test_scenario_28_the_same_bytes_after_10_000_further_entries(
    new_history: Callable[[], History],
) -> None:
    history = new_history()
    recorder, runs = history.recorder, history.runs
    run = history.data(RUN, of=runs["data"][0])["run"]
    uses = {use["role"]: use["artifact"]["id"] for use in run["inputs"]}
    variables: dict[str, Any] = {
        "b": {"runs": runs["baseline"]},
        "c": {"group": runs["both"][0]},
        "policy": "release",
        "of": run["id"],
        "data": uses["training"],
        "asOf": {"treeSize": recorder.catch_up()},
    }
    before = answers(history, variables)
    drafts = [draft for number in range(FURTHER // 4) for draft in _further(number, runs)]
    for start in range(0, FURTHER, _CHUNK):
        recorder.log.append(drafts[start : start + _CHUNK])
    assert recorder.catch_up() == variables["asOf"]["treeSize"] + FURTHER
    assert answers(history, variables) == before
    present = {**variables, "asOf": {"treeSize": recorder.catch_up()}}
    for name in ("compare", "effects", "run"):
        assert answers(history, present, [name])[name] != before[name]


def _further(number: int, runs: dict[str, list[str]]) -> list[Draft]:
    """Late data to what was compared, and new runs in the same groups."""
    known = [run for variant in runs.values() for run in variant]
    new, old = f"{number:032x}", known[number % len(known)]
    point = {"key": "accuracy", "value": "0.5", "step": number, "timestamp": number}
    late: dict[str, Any] = {
        "run_id": old,
        "metrics": [point],
        "params": {f"late{number % 7}": str(number)},
        "tags": {"late": str(number)},
        "uses": [TRAIN_1 if number % 2 else TRAIN_2],
    }
    started = {"run_id": new, "experiment_id": "1", "name": new, "user": "", "start_time": 0}
    about = {"tags": {}, "uses": [EVAL, TRAIN_2], "parent_run_id": "", "job": "train.py"}
    logged = {**late, "run_id": new, "params": {"alpha": "0.0001", "seed": str(number)}}
    status = {"run_id": new, "status": "FINISHED", "end_time": 1}
    told = [
        ("run.logged", late),
        ("run.started", {**started, **about}),
        ("run.logged", {**logged, "uses": []}),
        ("run.updated", status),
    ]
    return [
        Draft(kind, "default", "t", "test", f"further/{number}/{index}", payload)
        for index, (kind, payload) in enumerate(told)
    ]
