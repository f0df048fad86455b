"""A folder with twenty pieces of governance work due, and what the work must come to."""

from collections import Counter
from pathlib import Path

from domain.canonical import JsonObject, canonical_digest
from domain.quarantine import QUARANTINE_PROPAGATED
from domain.schedule import SCHEDULE_COMMITTED, TASK_COMMITTED
from domain.verdict import VERDICT_RECORDED
from domain.waiver import WAIVER_EXPIRED
from governance.schedule_replay import replay_schedules
from tests.governance.test_waivers import ANN, BEN, HOUR, PEOPLE, _root, _submit
from tests.governance.world import World

EACH = 6
"""Waivers that will have ended, and closures that grew: as many of each."""
VERDICTS = 8
TASKS = 2 * EACH + VERDICTS
LATER = HOUR
"""Milliseconds after which the waivers have ended."""
_CLAIMS = (
    SCHEDULE_COMMITTED,
    TASK_COMMITTED,
    WAIVER_EXPIRED,
    QUARANTINE_PROPAGATED,
    VERDICT_RECORDED,
)


def make_due(folder: Path, store: str) -> int:
    """Waivers that will have ended, closures that grew, verdicts that were overtaken; the size."""
    world = World(folder, store)
    world.graph.reset()
    world.declare()
    world.batch("s")
    world.set_approvers(2, PEOPLE)
    baseline = [f"s{i}" for i in range(5)]
    for number in range(EACH):
        root = world.start(f"w{number}", {"accuracy": 0.9})
        world.keeper().hold(f"run:{root}", "suspicious")
        _submit(world, _root(world, f"run:{root}"), ANN, BEN)
        world.produce(root, "late.bin", f"{number}" * 64)
    for number in range(VERDICTS):
        runs = world.batch(f"v{number}-")
        assert world.ask(runs, baseline).outcome == "PASS"
        world.keeper().hold(f"run:{runs[0]}", "bad")
    size = world.log.publish().size
    world.close()
    return size


def claims(folder: Path, start: int) -> str:
    """The digest of everything that the work recorded since ``start``, each thing once."""
    world = World(folder, "memory")
    try:
        entries = [e for e in world.log.read(start, world.log.head().size) if e.type in _CLAIMS]
        keys = Counter(entry.idem for entry in entries)
        assert not [key for key, count in keys.items() if count > 1]
        tasks: list[JsonObject] = [e.payload for e in entries if e.type == TASK_COMMITTED]
        assert [task["index"] for task in tasks] == list(range(TASKS))
        assert {task["state"] for task in tasks} == {"done"}
        counts = Counter(entry.type for entry in entries)
        assert counts[SCHEDULE_COMMITTED] == 1
        assert (counts[WAIVER_EXPIRED], counts[QUARANTINE_PROPAGATED]) == (EACH, EACH)
        assert counts[VERDICT_RECORDED] == VERDICTS
        world.catch_up()
        replayed = replay_schedules(world.log, graph=world.graph, metrics=world.metrics)
        assert [(one.committed, one.tasks) for one in replayed] == [(TASKS, TASKS)]
        return canonical_digest([[e.type, e.payload] for e in entries])
    finally:
        world.close()
