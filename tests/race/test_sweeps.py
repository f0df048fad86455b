"""Scenarios 1 to 3 for the work of governance, with real processes; the share of every test run."""

import random
from pathlib import Path

from tests.race.sweeps import kill_sweeps, start_together


def test_killed_workers_and_coordinators_change_no_claim_scenarios_1_2_3(
    tmp_path: Path, shared_graph: str
) -> None:
    kill_sweeps(tmp_path, random.Random(3), 1, shared_graph)


def test_processes_that_plan_at_once_commit_one_schedule(tmp_path: Path, shared_graph: str) -> None:
    start_together(tmp_path, random.Random(4), 1, shared_graph)
