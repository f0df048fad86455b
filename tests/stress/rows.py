"""The rows of ``make stress``: what runs, and how much of it is the whole."""

import random
from collections.abc import Callable
from pathlib import Path

from tests.race.repeats import repeat_requests
from tests.race.sweeps import kill_sweeps, start_together
from tests.stress.clocks import set_clocks
from tests.stress.damage import damage_files
from tests.stress.failed_fsync import fail_fsync
from tests.stress.forks import fork_folders
from tests.stress.full_disk import fill_disk
from tests.stress.kills import kill_writers
from tests.stress.overload import WHOLE, overload_server
from tests.stress.port_faults import fail_every_change
from tests.stress.power_loss import lose_power
from tests.stress.sequencer_loss import lose_sequencer
from tests.stress.signals import disturb_server
from tests.stress.syscalls import inject_into_every_call

Scenario = Callable[[Path, random.Random, int], str]

ROWS: dict[str, tuple[Scenario, int]] = {
    "F1": (kill_writers, 1_000),
    "F2": (inject_into_every_call, 100),
    "F2-port": (fail_every_change, 100),
    "F3": (lose_power, 2_000),
    "F4": (fill_disk, 20),
    "F5": (fail_fsync, 20),
    "F6": (damage_files, 1_600),
    "F7": (lose_sequencer, 100),
    "F9": (repeat_requests, 10_000),
    "F10": (set_clocks, 2_000),
    "F11": (overload_server, WHOLE),
    "F14": (fork_folders, 100),
    "F15": (disturb_server, 60),
    "S1-S3": (kill_sweeps, 20),
    "S1-S3-plan": (start_together, 40),
}
