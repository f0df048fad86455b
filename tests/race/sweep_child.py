"""One process that does governance work, each task a random time longer."""

import logging
import random
import time
from pathlib import Path

import structlog

from governance.schedule import Task
from governance.sweep import Found, Plan, Sweep
from tests.governance.world import World
from tests.race.due_work import LATER

PAUSE = 0.03
"""Seconds, at most, that a task takes longer."""


def sweep(folder: Path, workers: int, seed: str, store: str) -> None:
    """Do what is due in ``folder``, or what a killed process left."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    world = World(folder, store)
    world.clock.advance(LATER)
    rng = random.Random(seed)
    parts = (world.log, world.graph, world.metrics, world.catch_up, "default", "test")
    plain = Sweep(*parts)

    def slow(plan: Plan, task: Task) -> Found:
        time.sleep(rng.random() * PAUSE)
        return plain.perform(plan, task)

    Sweep(*parts, work=slow).run(workers=workers)
    world.close()
