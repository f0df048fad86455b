"""Quarantine: what is bad stops what descends from it, on every store alike."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import ConflictError, ErrorCode, NotFoundError, QuarantinedError, UsageError
from domain.quarantine import QUARANTINE_HELD
from domain.verdict import Outcome
from governance.closure import descent_of, find_root
from governance.heal import heal_plan
from governance.holds import active_holds, require_clear
from governance.replay import replay_verdicts
from graph.model import NodeKind, node_id
from graph.port import GraphStore
from ledger.projection import rebuild
from tests.governance.world import (
    BAD,
    POLICY,
    World,
    evaluation_code,
    evaluation_set,
    training_set,
)


def _uses(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [evaluation_set(), evaluation_code(), *more]


def _model(name: str, digest: str) -> dict[str, Any]:
    artifact = {
        "kind": "MODEL",
        "name": name,
        "digest": digest,
        "algorithm": "sha256",
        "strength": "CONTENT",
    }
    return {"role": "base", "facet": "BASE_MODEL", "artifact": artifact}


def _chain(world: World) -> dict[str, str]:
    """Contaminated data → three training runs → a model → three tuned runs; three clean runs."""
    world.declare()
    world.batch("clean", uses=_uses(training_set("clean")))
    world.batch("train", uses=_uses(training_set("dirty")))
    model = world.produce("train0", "base.bin", "m1")
    world.batch("tuned", uses=_uses(training_set("clean"), _model("base.bin", "m1")))
    size = world.catch_up()
    return {
        "dirty": find_root(world.graph, "default", "digits-train@dirty", as_of=size),
        "model": model,
    }


def test_what_descends_from_contaminated_data_is_held_scenario_12(world: World) -> None:
    roots = _chain(world)
    closure = world.keeper().hold(roots["dirty"], "labels were shifted")

    (entry,) = [e for e in world.log.read(0, 10_000) if e.type == QUARANTINE_HELD]
    assert entry.payload["closure_digest"] == closure["closure_digest"]
    assert entry.payload["count"] == closure["count"] == 1 + 5 + 1 + 5
    for batch in ("train", "tuned"):
        verdict = world.ask([f"{batch}{i}" for i in range(5)], [f"clean{i}" for i in range(5)])
        assert verdict.outcome is Outcome.FAIL
        assert "labels were shifted" in verdict.statement["reason"]
    late = world.batch("late", uses=_uses(training_set("clean"), _model("base.bin", "m1")))
    assert world.ask(late, [f"clean{i}" for i in range(5)]).outcome is Outcome.FAIL
    clean = world.ask([f"clean{i}" for i in range(3)], ["clean3", "clean4"])
    assert "quarantine" not in clean.statement
    with pytest.raises(QuarantinedError) as caught:
        require_clear(world.graph, "default", [roots["model"]], at=0)
    assert caught.value.code is ErrorCode.QUARANTINED
    require_clear(world.graph, "default", [node_id(NodeKind.RUN, "clean0")], at=0)


def test_the_closure_is_the_same_on_every_store(world: World, graph_store: GraphStore) -> None:
    roots = _chain(world)
    expected = world.keeper().hold(roots["dirty"], "bad")
    size = expected["at_seq"]
    rebuild(world.log, graph_store)
    assert descent_of(graph_store, roots["dirty"], as_of=size).closure() == expected
    holds = active_holds(graph_store, "default", as_of=None, at=None)
    assert holds == active_holds(world.graph, "default", as_of=None, at=None)
    with pytest.raises(QuarantinedError):
        require_clear(graph_store, "default", ["run:tuned1"], at=0)


def test_a_released_root_is_clear_and_a_condemned_one_never_again(world: World) -> None:
    roots = _chain(world)
    keeper = world.keeper()
    first = keeper.hold(roots["dirty"], "bad")
    assert keeper.hold(roots["dirty"], "bad, again") == first
    keeper.release(roots["dirty"], "it was the wrong file")
    require_clear(world.graph, "default", ["run:train0"], at=0)
    with pytest.raises(ConflictError):
        keeper.release(roots["dirty"], "again")
    keeper.hold(roots["dirty"], "after all")
    keeper.condemn(roots["dirty"], "for ever")
    for change in (keeper.release, keeper.condemn):
        with pytest.raises(ConflictError):
            change(roots["dirty"], "please")
    with pytest.raises(QuarantinedError, match="condemned"):
        require_clear(world.graph, "default", ["run:train0"], at=0)


def test_what_is_held_is_nobodys_baseline(world: World) -> None:
    world.declare()
    seed = world.batch("s")
    world.ask(world.batch("a"), seed)
    world.ask(world.batch("b"))
    world.keeper().hold("run:b0", "bad")
    after = world.ask(world.batch("c"))
    assert after.statement["baseline"] is not None
    assert after.statement["baseline"]["run_ids"] == [f"a{i}" for i in range(5)]
    named = world.ask(world.batch("d"), [f"b{i}" for i in range(5)])
    assert named.statement["baseline"] is not None
    assert named.statement["baseline"]["excluded"] == [
        {"run_id": "b0", "reason": "It is quarantined."}
    ]


def test_a_failing_rule_holds_the_candidate(world: World) -> None:
    world.declare(POLICY.replace("min_samples: 3}", "min_samples: 3, on_fail: quarantine}"))
    seed = world.batch("s")
    assert world.ask(world.batch("b", BAD), seed, dryRun=True).outcome is Outcome.FAIL
    assert active_holds(world.graph, "default", as_of=None, at=None) == ()
    world.ask([f"b{i}" for i in range(5)], seed)
    holds = active_holds(world.graph, "default", as_of=None, at=None)
    assert [hold.root for hold in holds] == [f"run:b{i}" for i in range(5)]
    assert {hold.trigger for hold in holds} == {"rule"}


def test_an_artifact_that_changed_fails_and_is_held_row_36(world: World) -> None:
    world.declare()
    seed, good = world.batch("s"), world.batch("a")
    model = world.produce("a0", "models/model.bin", "0" * 64)

    def ask(digest: str, name: str = "model.bin") -> Any:
        artifacts = [{"name": name, "digest": f"sha256:{digest}"}]
        return world.ask(good, seed, artifacts=artifacts)

    assert ask("0" * 64).outcome is Outcome.PASS
    assert ask("0" * 64, "other.bin").outcome is Outcome.INCONCLUSIVE
    changed = ask("1" * 64)
    assert changed.outcome is Outcome.FAIL
    assert "digest differs" in changed.statement["reason"]
    (hold,) = active_holds(world.graph, "default", as_of=None, at=None)
    assert (hold.root, hold.trigger) == (model, "digest_mismatch")


def test_healing_lists_what_to_run_again_in_order_scenario_15(world: World) -> None:
    roots = _chain(world)
    size = world.catch_up()
    plan = heal_plan(descent_of(world.graph, roots["dirty"], as_of=size))
    order = [step.run for step in plan.steps]
    assert sorted(order) == sorted(f"run:{b}{i}" for b in ("train", "tuned") for i in range(5))
    first_tuned = min(order.index(f"run:tuned{i}") for i in range(5))
    assert order.index("run:train0") < first_tuned
    by_run = {step.run: step for step in plan.steps}
    assert by_run["run:train1"].replaces == ("digits-train@dirty",)
    assert by_run["run:tuned1"].replaces == ("base.bin@m1",)

    world.keeper().hold(roots["dirty"], "bad")
    fixed = world.batch("fixed", uses=_uses(training_set("repaired")))
    assert "quarantine" not in world.ask(fixed, [f"clean{i}" for i in range(5)]).statement


def test_verdicts_under_quarantine_come_out_again(
    open_world: Callable[[str], World], world: World
) -> None:
    roots = _chain(world)
    world.keeper().hold(roots["dirty"], "bad")
    world.ask([f"train{i}" for i in range(5)], [f"clean{i}" for i in range(5)])
    world.keeper().release(roots["dirty"], "fine")
    world.ask([f"train{i}" for i in range(5)], [f"clean{i}" for i in range(5)])
    rebuild(world.log, world.graph)
    assert len(replay_verdicts(world.log, graph=world.graph, metrics=world.metrics)) == 2


@pytest.mark.parametrize("text", ["", "nothing", "run:none", "digits-train@", "digits-train@c1ean"])
def test_what_names_no_root_is_not_found(world: World, text: str) -> None:
    _chain(world)
    with pytest.raises(NotFoundError):
        find_root(world.graph, "default", text, as_of=world.catch_up())


def test_another_projects_root_is_not_found(world: World) -> None:
    world.start("theirs", {"accuracy": 1.0}, project="other")
    with pytest.raises(NotFoundError):
        find_root(world.graph, "default", "run:theirs", as_of=world.catch_up())


def test_a_reason_is_text(world: World) -> None:
    _chain(world)
    with pytest.raises(UsageError):
        world.keeper().hold("run:train0", "a\0b")
