"""The rows of ``make stress``: what runs, and how much of it is the whole."""

import random
from collections.abc import Callable
from pathlib import Path

from tests.stress.kills import kill_writers
from tests.stress.port_faults import fail_every_change
from tests.stress.power_loss import lose_power
from tests.stress.syscalls import inject_into_every_call

Scenario = Callable[[Path, random.Random, int], str]

ROWS: dict[str, tuple[Scenario, int]] = {
    "F1": (kill_writers, 1_000),
    "F2": (inject_into_every_call, 100),
    "F2-port": (fail_every_change, 100),
    "F3": (lose_power, 2_000),
}
