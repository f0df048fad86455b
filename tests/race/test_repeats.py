"""F9, the share of every test run."""

import random
from pathlib import Path

from tests.race.repeats import repeat_requests


def test_f9_requests_sent_three_times_at_once_are_recorded_once(tmp_path: Path) -> None:
    repeat_requests(tmp_path, random.Random(9), 80)
