"""Asking a gate for real: ledger, graph and metric tables, from request to recorded verdict."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from domain.errors import ConflictError, ErrorCode, NotFoundError, StaleError, UsageError
from domain.verdict import VERDICT_RECORDED, Outcome
from governance.evaluate import evaluate_gate
from governance.gate_request import gate_request_from_json
from governance.verdict import find_verdict, require_verdict, verdict_proof
from ledger.proof import verify_proof
from tests.governance.world import BAD, GOOD, POLICY, World, evaluation_set, training_set


def _size(world: World) -> int:
    return world.log.head().size


def test_a_verdict_is_recorded_read_back_and_proven(world: World) -> None:
    world.declare()
    baseline, candidate = world.batch("b"), world.batch("c")

    verdict = world.ask(candidate, baseline)

    assert verdict.outcome is Outcome.PASS and not verdict.blocking
    assert verdict.seq == _size(world) - 1
    assert require_verdict(world.graph, "default", verdict.verdict_id) == verdict
    assert find_verdict(world.graph, "other", verdict.verdict_id) is None
    proof = verdict_proof(world.log, verdict.seq)
    (entry,) = world.log.read(verdict.seq, verdict.seq + 1)
    assert entry.type == VERDICT_RECORDED
    assert verify_proof(proof.text, entry.data, world.log.vkey).size == proof.tree_size
    claim = verdict.statement
    assert claim["as_of"]["tree_size"] == verdict.seq
    assert claim["policy"]["preregistered"] is True
    assert claim["comparability"] is not None
    assert claim["subject"]["run_ids"] == candidate
    assert claim["baseline"] is not None and claim["baseline"]["run_ids"] == baseline


def test_a_regression_fails_and_names_what_changed_upstream(world: World) -> None:
    world.declare()
    baseline = world.batch("b", uses=[evaluation_set(), training_set("t1")])
    candidate = world.batch("c", BAD, uses=[evaluation_set(), training_set("t2")])

    verdict = world.ask(candidate, baseline)

    assert verdict.outcome is Outcome.INCONCLUSIVE  # EVAL_CODE is not recorded, floor: assumed
    world.declare(POLICY.replace("assumed", "unknown"))
    failed = world.ask(candidate, baseline)
    assert failed.outcome is Outcome.FAIL and failed.blocking
    (cause,) = failed.statement["causes"]
    assert cause["facet"] == "TRAIN_DATA"
    assert failed.statement["policy"]["preregistered"] is False


def test_another_evaluation_set_is_not_comparable(world: World) -> None:
    world.declare()
    baseline = world.batch("b")
    candidate = world.batch("c", uses=[evaluation_set("ffff9999")])

    verdict = world.ask(candidate, baseline)

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.statement["rules"][0]["status"] == "NOT_COMPARABLE"
    assert verdict.statement["comparability"] is not None
    assert verdict.statement["comparability"]["level"] == "BROKEN"


def test_a_dry_run_records_nothing_and_says_the_same(world: World) -> None:
    world.declare()
    baseline, candidate = world.batch("b"), world.batch("c")
    before = _size(world)

    dry = world.ask(candidate, baseline, dryRun=True)
    real = world.ask(candidate, baseline)

    assert dry.seq is None
    assert real.seq == before
    assert dry.statement == real.statement
    assert dry.verdict_id == real.verdict_id


def test_the_same_question_on_the_same_record_gives_the_recorded_verdict(world: World) -> None:
    world.declare()
    baseline, candidate = world.batch("b"), world.batch("c")
    first = world.ask(candidate, baseline)
    world.start("unrelated", {"accuracy": 0.1})

    with structlog.testing.capture_logs() as logs:
        again = world.ask(candidate, baseline)

    assert again.replayed and not first.replayed
    assert (again.seq, again.statement) == (first.seq, first.statement)
    assert {"gate.evaluated", "verdict.repeated"} <= {entry["event"] for entry in logs}


def test_late_data_gives_a_new_verdict_and_changes_no_old_one(world: World) -> None:
    world.declare()
    baseline, candidate = world.batch("b"), world.batch("c")
    first = world.ask(candidate, baseline)

    world.record(candidate[0], {"accuracy": 0.1}, step=1)
    second = world.ask(candidate, baseline)

    assert second.seq != first.seq and second.verdict_id != first.verdict_id
    assert not second.replayed
    assert require_verdict(world.graph, "default", first.verdict_id).statement == first.statement


def test_an_idempotency_key_stands_for_one_question(world: World) -> None:
    world.declare()
    baseline, candidate = world.batch("b"), world.batch("c")
    first = world.ask(candidate, baseline, idempotencyKey="job-7")
    world.record(candidate[0], {"accuracy": 0.1}, step=1)

    again = world.ask(candidate, baseline, idempotencyKey="job-7")
    size = _size(world)
    with pytest.raises(ConflictError) as caught:
        world.ask(candidate[:3], baseline, idempotencyKey="job-7")

    assert again.replayed and again.statement == first.statement
    assert caught.value.code is ErrorCode.IDEMPOTENCY_CONFLICT
    assert _size(world) == size


@pytest.mark.parametrize("key", [None, "job-7"])
def test_asked_at_the_same_time_it_is_recorded_once(world: World, key: str | None) -> None:
    world.declare()
    baseline, candidate = world.batch("b"), world.batch("c")
    more = {} if key is None else {"idempotencyKey": key}

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: world.ask(candidate, baseline, **more), range(4)))

    recorded = [e for e in world.log.read(0, _size(world)) if e.type == VERDICT_RECORDED]
    assert len(recorded) == 1
    assert {answer.seq for answer in answers} == {recorded[0].seq}
    assert sum(not answer.replayed for answer in answers) == 1


def test_last_passing_takes_what_the_latest_pass_judged(world: World) -> None:
    world.declare(POLICY.replace("{last_passing: {}}", "{last_passing: {branch: main}}"))
    main = {"mlflow.source.git.branch": "main"}
    seed = world.batch("seed", tags=main)
    first = world.ask(world.batch("a", tags=main))
    passed = world.ask(world.batch("b", tags=main), seed)
    elsewhere = world.ask(world.batch("d", tags={"lineproof.branch": "dev", **main}), seed)
    failed = world.ask(world.batch("e", BAD, tags=main))
    later = world.ask(world.batch("f"))

    assert first.outcome is Outcome.INCONCLUSIVE and first.statement["baseline"] is None
    assert "No earlier verdict" in first.statement["reason"]
    assert passed.outcome is elsewhere.outcome is later.outcome is Outcome.PASS
    assert failed.outcome is Outcome.FAIL
    for verdict in (failed, later):
        baseline = verdict.statement["baseline"]
        assert baseline is not None
        assert baseline["selected_by"] == "last_passing"
        assert baseline.get("verdict_id") == passed.verdict_id
        assert baseline["run_ids"] == passed.statement["subject"]["run_ids"]


def test_a_run_is_never_its_own_baseline(world: World) -> None:
    world.declare()
    baseline, candidate = world.batch("b"), world.batch("c")
    world.ask(candidate, baseline)

    same = world.ask(candidate, candidate)
    under_rule = world.ask([*candidate[:4], "b0"])

    assert same.outcome is Outcome.INCONCLUSIVE
    assert "no run to compare with" in same.statement["reason"]
    assert under_rule.outcome is Outcome.INCONCLUSIVE
    assert under_rule.statement["baseline"] is None


def test_pinned_baselines(world: World) -> None:
    world.batch("b", params={"lr": "1"})
    world.batch("o", params={"lr": "2"})
    candidate = world.batch("c", params={"lr": "3"})
    world.declare(POLICY.replace("{last_passing: {}}", "{pinned: {group: b0}}"))
    group = world.ask(candidate)
    world.declare(POLICY.replace("{last_passing: {}}", "{pinned: [b1, b0, b2]}"))
    runs = world.ask(candidate)
    world.declare(POLICY.replace("{last_passing: {}}", "{pinned: [gone]}"))
    gone = world.ask(candidate)

    assert group.statement["baseline"] is not None and runs.statement["baseline"] is not None
    assert group.statement["baseline"]["run_ids"] == ["b0", "b1", "b2", "b3", "b4"]
    assert group.statement["baseline"]["fingerprint"] is not None
    assert runs.statement["baseline"]["run_ids"] == ["b0", "b1", "b2"]
    assert gone.outcome is Outcome.INCONCLUSIVE and "gone" in gone.statement["reason"]


def test_sets_by_group_and_by_filter(world: World) -> None:
    world.declare()
    world.batch("b", params={"lr": "1"})
    world.batch("c", params={"lr": "2"})
    world.delete("c4")

    verdict = world.ask(
        {"group": "c0"}, {"filter": "params.lr = '1' AND metrics.accuracy > 0.9495"}
    )

    assert verdict.statement["subject"]["run_ids"] == ["c0", "c1", "c2", "c3"]
    assert verdict.statement["subject"]["excluded"] == [
        {"run_id": "c4", "reason": "It is deleted."}
    ]
    assert verdict.statement["baseline"] is not None
    assert verdict.statement["baseline"]["run_ids"] == ["b0", "b1", "b2", "b4"]


def test_a_filter_looks_in_experiments_given_by_name_or_id(world: World) -> None:
    world.declare()
    world.experiment("1", "digits")
    world.experiment("2", "empty")
    world.batch("b", params={"lr": "1"})
    world.batch("c", params={"lr": "2"})
    baseline = {"runs": ["b0", "b1", "b2"]}

    for given in ("digits", "1"):
        verdict = world.ask({"filter": "params.lr = '2'", "experiments": [given]}, baseline)
        assert len(verdict.statement["subject"]["run_ids"]) == 5
    for given in ("empty", "2", "unknown"):
        with pytest.raises(NotFoundError):
            world.ask({"filter": "params.lr = '2'", "experiments": [given]}, baseline)


@pytest.mark.parametrize(
    ("candidate", "error"),
    [
        (["nobody"], NotFoundError),
        (["foreign"], NotFoundError),
        ({"group": "nobody"}, NotFoundError),
        ({"filter": "params.lr = '77'"}, NotFoundError),
        (["deleted"], NotFoundError),
        ({"runs": []}, UsageError),
    ],
)
def test_what_cannot_be_judged_is_an_error_and_nothing_is_written(
    world: World, candidate: object, error: type[Exception]
) -> None:
    world.declare()
    world.start("foreign", {"accuracy": 0.9}, project="other")
    world.start("deleted", {"accuracy": 0.9})
    world.delete("deleted")
    before = _size(world)

    with pytest.raises(error):
        world.ask(candidate)
    assert _size(world) == before


def test_an_unknown_policy_is_not_found(world: World) -> None:
    world.start("a", {"accuracy": 0.9})
    with pytest.raises(NotFoundError):
        world.ask(["a"])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_never_passes(world: World, value: float) -> None:
    world.declare()
    baseline = world.batch("b")
    candidate = world.batch("c", (*GOOD[:4], value))

    assert world.ask(candidate, baseline).outcome is Outcome.FAIL


def test_one_run_against_one_is_unreplicated(world: World) -> None:
    world.declare(POLICY + "      - {id: floor, metric: accuracy, limit: {min: 0.5}}\n")
    world.batch("b", GOOD[:1])
    world.batch("c", GOOD[:1])

    verdict = world.ask(["c0"], ["b0"])

    assert [rule["status"] for rule in verdict.statement["rules"]] == ["INCONCLUSIVE", "PASS"]
    limit = verdict.statement["rules"][1]["limit"]
    assert limit is not None and limit["uncertainty"] == "UNREPLICATED"
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_projections_that_lag_behind_are_stale(world: World) -> None:
    world.declare()
    world.batch("c")
    request = gate_request_from_json({"policy": "release", "candidate": {"runs": ["c0"]}})

    with pytest.raises(StaleError):
        evaluate_gate(
            request,
            log=world.log,
            graph=world.graph,
            metrics=world.metrics,
            catch_up=lambda: 1,
            project="default",
            source="test",
        )


def test_every_store_gives_the_same_bytes(
    open_world: Callable[[str], World], graph_kind: str
) -> None:
    def verdicts(world: World) -> list[object]:
        world.declare()
        baseline = world.batch("b", uses=[evaluation_set(), training_set("t1")])
        candidate = world.batch("c", BAD, uses=[evaluation_set(), training_set("t2")])
        return [
            {**world.ask(candidate, baseline).statement, "as_of": None},
            {
                **world.ask({"group": "c0"}, {"filter": "params.seed != '0'"}).statement,
                "as_of": None,
            },
        ]

    assert verdicts(open_world("memory")) == verdicts(open_world(graph_kind))
