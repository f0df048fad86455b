"""Schedules of governance work through the command line: done, shown, and held side by side."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.schedule import SCHEDULE_COMMITTED, TASK_COMMITTED
from governance.schedule import Task, scheduled
from governance.sweep import Sweep
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from tests.governance.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Another opener of the folder that the commands use."""
    opened = World(tmp_path / "data", "sqlite")
    yield opened
    opened.close()


def _hold_and_grow(world: World, name: str) -> None:
    """A closure that grows after it was held: propagation is due."""
    world.start(name, {"accuracy": 0.9})
    world.keeper().hold(f"run:{name}", "suspicious")
    world.produce(name, "late.bin", "0" * 64)


def test_two_schedules_are_done_shown_and_compared_scenario_8(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(world.folder)]
    digests = []
    for name, workers in (("first", "1"), ("second", "4")):
        _hold_and_grow(world, name)
        capsys.readouterr()
        assert main(["schedule", "run", "--workers", workers, *where]) == Exit.OK
        done = capsys.readouterr().out.splitlines()
        assert f"done  propagate/run:{name}" in done
        digests.append(done[-1].removeprefix("schedule "))
    assert main(["schedule", "run", *where]) == Exit.OK
    assert "Nothing is due." in capsys.readouterr().out
    assert main(["replay", "schedule", *where]) == Exit.OK
    assert "2 of 2 schedules came out the same, in order." in capsys.readouterr().out
    assert main(["schedule", "show", digests[0], *where]) == Exit.OK
    assert "1  done  propagate/run:first" in capsys.readouterr().out
    short = [digest[:20] for digest in digests]
    assert main(["schedule", "diff", *short, *where]) == Exit.OK
    moves = capsys.readouterr().out.splitlines()
    assert "propagate/run:first  0 -> None  removed" in moves
    assert "propagate/run:second  None -> 0  added" in moves
    assert main(["schedule", "diff", short[0], short[0], *where]) == Exit.OK
    assert "Nothing moved of its own." in capsys.readouterr().out
    assert main(["schedule", "show", "sha256:none", *where]) == Exit.CANNOT_JUDGE


@pytest.mark.parametrize("wrong", ["order", "task", "position"])
def test_a_schedule_that_was_not_due_is_found(
    world: World, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    _hold_and_grow(world, "first")
    size = world.catch_up()
    seed = base64.b64encode(world.log.publish().root).decode()
    due = Sweep(world.log, world.graph, world.metrics, world.catch_up, "default", "test").due(
        size, None
    )
    tasks = [*due, Task("propagate/run:nobody")] if wrong == "order" else due
    schedule = scheduled(tasks, seed)
    position = size - 1 if wrong == "position" else size
    payload = {"digest": schedule.digest(), "schedule": schedule.document(), "at": 0}
    receipt = world.append(SCHEDULE_COMMITTED, {**payload, "position": position})
    if wrong == "task":
        done = {"schedule": schedule.digest(), "index": 0, "state": "done", "result": {}}
        receipt = world.append(TASK_COMMITTED, {**done, "task": "expire/x", "last": True})
    assert main(["replay", "schedule", "--data", str(world.folder)]) == Exit.INTEGRITY
    told = capsys.readouterr().err
    assert f"Entry {receipt.seq} does not come out again" in told
    assert "code: REPLAY_DIVERGED" in told
