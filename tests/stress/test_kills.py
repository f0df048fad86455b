"""F1, the share of every test run."""

import random
from pathlib import Path

from tests.stress.kills import kill_writers


def test_f1_killed_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    kill_writers(tmp_path, random.Random(1), 10)
