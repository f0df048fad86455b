"""Every verdict comes out again, from rebuilt stores of either kind; a changed one is named."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from domain.errors import ErrorCode, IntegrityError, NotFoundError
from domain.verdict import VERDICT_RECORDED
from governance.replay import replay_one, replay_verdict, replay_verdicts
from graph.port import GraphStore
from ledger import merkle
from ledger.entry import Entry
from ledger.projection import rebuild
from tests.governance.world import BAD, POLICY, World, training_set


def _some_verdicts(world: World) -> list[int]:
    world.declare()
    seed = world.batch("s")
    seqs = [
        world.ask(world.batch("a"), seed).seq,
        world.ask(world.batch("b", BAD, uses=[training_set("x")])).seq,
        world.ask(
            world.batch("c"), idempotencyKey="k", ci={"commit": "abc", "pullRequest": "7"}
        ).seq,
        world.ask({"group": "b0"}, {"filter": "metrics.accuracy > 0.94"}).seq,
    ]
    world.declare(POLICY.replace("0.005", "0.001"))
    world.record("a0", {"accuracy": 0.2}, step=1)
    world.delete("s0")
    seqs.append(world.ask({"group": "a0"}).seq)
    world.start("unseen", {"accuracy": 0.5}, project="other")
    return [seq for seq in seqs if seq is not None]


def _root(world: World, size: int) -> bytes:
    return merkle.root(merkle.extend(0, (), world.log.leaves(0, size))[1])


def _tampered(entry: Entry, change: Callable[[dict[str, Any]], None]) -> Entry:
    payload: dict[str, Any] = _deep(entry.payload)
    change(payload)
    return replace(entry, payload=payload)


def _deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _deep(item) for key, item in value.items()}
    return [_deep(item) for item in value] if isinstance(value, list) else value


def test_all_verdicts_come_out_again_after_every_projection_was_deleted(
    open_world: Callable[[str], World],
) -> None:
    world = open_world("sqlite")
    seqs = _some_verdicts(world)
    rebuild(world.log, world.graph)
    rebuild(world.log, world.metrics)

    replayed = replay_verdicts(world.log, graph=world.graph, metrics=world.metrics)

    assert [verdict.seq for verdict in replayed] == seqs
    assert len(seqs) == 5
    others = replay_verdicts(world.log, graph=world.graph, metrics=world.metrics, project="other")
    assert others == ()


def test_verdicts_made_over_one_store_come_out_over_every_other(
    world: World, graph_store: GraphStore
) -> None:
    seqs = _some_verdicts(world)
    rebuild(world.log, graph_store)

    replayed = replay_verdicts(world.log, graph=graph_store, metrics=world.metrics)

    assert [verdict.seq for verdict in replayed] == seqs


CHANGES: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("outcome", lambda p: p.update(outcome="PASS")),
    ("policy_name", lambda p: p.update(policy_name="other")),
    ("run_ids[0]", lambda p: p["run_ids"].__setitem__(0, "s1")),
    ("statement.outcome", lambda p: p["statement"].update(outcome="WARN")),
    ("statement.blocking", lambda p: p["statement"].update(blocking=False)),
    ("statement.rules[0].delta.p", lambda p: p["statement"]["rules"][0]["delta"].update(p="0.5")),
    ("statement.rules[0].message", lambda p: p["statement"]["rules"][0].update(message="fine")),
    ("statement.policy.digest", lambda p: p["statement"]["policy"].update(digest="sha256:0")),
    (
        "statement.policy.preregistered",
        lambda p: p["statement"]["policy"].update(preregistered=False),
    ),
    ("statement.as_of.root_hash", lambda p: p["statement"]["as_of"].update(root_hash="AAAA")),
    (
        "statement.baseline.run_ids[0]",
        lambda p: p["statement"]["baseline"]["run_ids"].__setitem__(0, "x"),
    ),
    ("statement.extra", lambda p: p["statement"].update(extra=1)),
    ("statement", lambda p: p["statement"]["request"].update(policy="none")),
    ("statement", lambda p: p["statement"].update(analysis="guess/9")),
    ("statement", lambda p: p.update(statement="gone")),
    ("statement.as_of.tree_size", lambda p: p["statement"]["as_of"].update(tree_size=10**6)),
]


@pytest.mark.parametrize(("path", "change"), CHANGES, ids=[path for path, _ in CHANGES])
def test_a_changed_verdict_diverges_at_the_place_that_was_changed(
    world: World, path: str, change: Callable[[dict[str, Any]], None]
) -> None:
    world.declare()
    seq = world.ask(world.batch("b", BAD), world.batch("s")).seq
    assert seq is not None
    (entry,) = world.log.read(seq, seq + 1)
    root = _root(world, entry.payload["statement"]["as_of"]["tree_size"])  # type: ignore[index,call-overload]
    replay_verdict(entry, graph=world.graph, metrics=world.metrics, root=root)

    with structlog.testing.capture_logs() as logs, pytest.raises(IntegrityError) as caught:
        replay_verdict(
            _tampered(entry, change), graph=world.graph, metrics=world.metrics, root=root
        )

    assert caught.value.code is ErrorCode.REPLAY_DIVERGED
    assert caught.value.context["path"] == path
    assert caught.value.context["seq"] == seq
    assert logs[-1]["event"] == "replay.diverged"


class _Liar:
    """The world's metric tables, but for one bit of one run."""

    def __init__(self, world: World) -> None:
        self._metrics = world.metrics

    def summaries(self, run_ids: Any, **more: Any) -> Any:
        found = {run: dict(each) for run, each in self._metrics.summaries(run_ids, **more).items()}
        if "a0" in found:
            true = found["a0"]["accuracy"]
            found["a0"]["accuracy"] = replace(true, last=math.nextafter(true.last, 2))
        return found

    def points(self, run_id: str, key: str, **more: Any) -> Any:
        return self._metrics.points(run_id, key, **more)

    def last_values(self, key: str, **more: Any) -> Any:
        return self._metrics.last_values(key, **more)

    def dataset_points(self, run_ids: Any, **more: Any) -> Any:
        return self._metrics.dataset_points(run_ids, **more)


def test_a_store_that_says_something_else_is_found_out(world: World) -> None:
    seqs = _some_verdicts(world)

    with pytest.raises(IntegrityError) as caught:
        replay_verdicts(world.log, graph=world.graph, metrics=_Liar(world))
    assert caught.value.context["seq"] == seqs[0]


def test_one_verdict_by_its_place(world: World) -> None:
    world.declare()
    seq = world.ask(world.batch("b"), world.batch("s")).seq
    assert seq is not None
    with structlog.testing.capture_logs() as logs:
        found = replay_one(
            world.log, seq, graph=world.graph, metrics=world.metrics, project="default"
        )
    assert found.seq == seq
    assert logs[-1]["event"] == "verdict.replayed"
    for wrong, project in ((0, "default"), (seq, "other"), (seq + 5, "default")):
        with pytest.raises(NotFoundError):
            replay_one(world.log, wrong, graph=world.graph, metrics=world.metrics, project=project)


def test_a_recorded_verdict_is_its_whole_payload(world: World) -> None:
    world.declare()
    verdict = world.ask(world.batch("b"), world.batch("s"))
    assert verdict.seq is not None
    (entry,) = world.log.read(verdict.seq, verdict.seq + 1)
    assert entry.type == VERDICT_RECORDED
    assert set(entry.payload) == {"verdict_id", "policy_name", "run_ids", "outcome", "statement"}
