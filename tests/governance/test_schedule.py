"""The order of governance work: derived, committed before, the same with any number of workers."""

import hashlib
import random
import threading
import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BackendError, ErrorCode, UsageError
from domain.schedule import SCHEDULE_COMMITTED, TASK_COMMITTED
from domain.verdict import Outcome
from domain.waiver import WAIVER_EXPIRED
from governance.replay import replay_verdicts
from governance.schedule import Schedule, Task, schedule_moves, scheduled
from governance.sweep import Found, Plan, Sweep, Work
from tests.governance.test_waivers import ANN, BEN, HOUR, _held, _root, _submit
from tests.governance.world import World


def _tasks(edges: Sequence[tuple[int, int]], priorities: Sequence[int]) -> list[Task]:
    """Tasks that need only tasks of a smaller number, so there is no cycle."""
    return [
        Task(
            f"t{index}",
            tuple(sorted({f"t{a}" for a, b in edges if b == index and a < b})),
            priority,
        )
        for index, priority in enumerate(priorities)
    ]


_GRAPHS = st.builds(
    _tasks,
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=15),
    st.lists(st.integers(-1, 1), min_size=1, max_size=8),
)


@given(tasks=_GRAPHS, seed=st.text(max_size=5), shuffled=st.randoms())
def test_the_order_is_a_function_of_the_tasks_and_the_seed(
    tasks: list[Task], seed: str, shuffled: random.Random
) -> None:
    schedule = scheduled(tasks, seed)
    others = list(tasks)
    shuffled.shuffle(others)
    assert scheduled(others, seed) == schedule
    order = [task.id for task in schedule.tasks]
    assert sorted(order) == sorted(task.id for task in tasks)
    for task in tasks:
        for need in set(task.needs) & set(order):
            assert order.index(need) < order.index(task.id)


def test_the_order_is_the_algorithms_published_one() -> None:
    tasks = [Task("c", ("a",)), Task("a"), Task("b"), Task("urgent", (), 5)]
    schedule = scheduled(tasks, "seed")
    assert hashlib.sha256(b"seed\0c").digest() < hashlib.sha256(b"seed\0b").digest()
    assert [task.id for task in schedule.tasks] == ["urgent", "a", "c", "b"]
    assert schedule.document()["algorithm"] == "kahn-hash/1"
    assert scheduled(tasks, "other").digest() != schedule.digest()


def test_a_cycle_and_a_double_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        scheduled([Task("a", ("b",)), Task("b", ("a",))], "")
    assert caught.value.code is ErrorCode.LINEAGE_CYCLE
    with pytest.raises(UsageError):
        scheduled([Task("a"), Task("a")], "")


def test_a_diff_shows_what_moved_of_its_own() -> None:
    tasks = [Task(f"t{i}") for i in range(6)]
    before = scheduled(tasks, "s")
    last = before.tasks[-1].id
    changed = [Task(task.id, (), 9) if task.id == last else task for task in tasks]
    (move,) = schedule_moves(before, scheduled(changed, "s"))
    assert (move.task, move.before, move.after) == (last, 5, 0)
    assert move.reason == "priority 0 to 9"
    assert schedule_moves(before, before) == ()
    more = Schedule("s", (*before.tasks, Task("new")))
    assert [each.reason for each in schedule_moves(before, more)] == ["added"]


def _due(world: World) -> Sweep:
    """One waiver that ended, one closure that grew, one verdict that was overtaken."""
    _held(world, "run:s0")
    candidate, baseline = [f"c{i}" for i in range(5)], [f"s{i}" for i in range(1, 5)]
    assert world.ask(candidate, baseline).outcome is Outcome.PASS
    _submit(world, _root(world, "run:s0"), ANN, BEN)
    world.keeper().hold("run:c0", "bad")
    world.produce("s0", "late.bin", "9" * 64)
    world.clock.advance(HOUR)
    return _sweep(world)


def _sweep(world: World, work: Work | None = None) -> Sweep:
    return Sweep(
        world.log, world.graph, world.metrics, world.catch_up, "default", "test", work=work
    )


def _claims(world: World) -> list[object]:
    """Everything but the time of the entries that the sweep committed."""
    kinds = (SCHEDULE_COMMITTED, TASK_COMMITTED, WAIVER_EXPIRED)
    return [(e.type, e.payload) for e in world.log.read(0, 10**6) if e.type in kinds]


def test_what_is_due_is_done_once_in_order(world: World) -> None:
    sweep = _due(world)
    plan = sweep.run()
    assert plan is not None
    kinds = [task["task"].partition("/")[0] for task in sweep.committed]
    assert kinds == ["expire", "propagate", "evaluate"]
    assert {task["state"] for task in sweep.committed} == {"done"}
    assert sweep.committed[-1]["result"]["outcome"] == Outcome.FAIL
    assert _sweep(world).run() is None
    assert len(replay_verdicts(world.log, graph=world.graph, metrics=world.metrics)) == 2


def test_the_claims_are_the_same_with_1_2_4_8_workers_scenario_1(
    open_world: Callable[[str], World], graph_kind: str
) -> None:
    claims = []
    for workers in (1, 2, 4, 8):
        world = open_world(graph_kind)
        sweep = _due(world)
        delays = random.Random(workers)
        plain = sweep

        def slow(
            plan: Plan, task: Task, plain: Sweep = plain, delays: random.Random = delays
        ) -> Found:
            time.sleep(delays.random() / 50)
            return plain.perform(plan, task)

        _sweep(world, slow).run(workers=workers)
        claims.append(_claims(world))
    assert claims[0] == claims[1] == claims[2] == claims[3]
    assert len(claims[0]) == 5


def test_a_killed_sweep_is_taken_up_where_it_ended_scenario_3(
    open_world: Callable[[str], World],
) -> None:
    whole = open_world("memory")
    _due(whole).run()
    world = open_world("memory")
    sweep = _due(world)

    class Killed(BaseException):
        pass

    for _ in range(3):
        left = threading.Semaphore(1)

        def dying(plan: Plan, task: Task, left: threading.Semaphore = left) -> Found:
            if not left.acquire(blocking=False):
                raise Killed
            return sweep.perform(plan, task)

        try:
            _sweep(world, dying).run()
        except Killed:
            continue
    sweep.run()
    assert _claims(world) == _claims(whole)


def test_a_schedule_that_another_began_while_ours_was_planned_is_taken_up(world: World) -> None:
    _due(world)
    seen = 0

    class Killed(BaseException):
        pass

    def dying(_plan: Plan, _task: Task) -> Found:
        raise Killed

    def catch_up() -> int:
        """Once we have seen that nothing is under way, another begins, and is killed."""
        nonlocal seen
        seen += 1
        if seen == 2:
            with pytest.raises(Killed):
                _sweep(world, dying).run()
        return world.catch_up()

    Sweep(world.log, world.graph, world.metrics, catch_up, "default", "test").run()
    kinds = [entry.type for entry in world.log.read(0, 10**6)]
    assert (kinds.count(SCHEDULE_COMMITTED), kinds.count(TASK_COMMITTED)) == (1, 3)


def test_a_failed_task_stands_at_its_place_and_what_needs_it_is_skipped(world: World) -> None:
    sweep = _due(world)

    def failing(plan: Plan, task: Task) -> Found:
        if task.id.startswith("expire"):
            raise BackendError("the disk is on fire")
        return sweep.perform(plan, task)

    partly = _sweep(world, failing)
    partly.run(workers=4)
    assert [task["state"] for task in partly.committed] == ["failed", "done", "skipped"]
    assert partly.committed[-1]["last"]
    assert sweep.unfinished() is None
    again = _sweep(world)
    assert again.run() is not None
    assert [task["state"] for task in again.committed] == ["done", "done"]
