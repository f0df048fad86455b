"""F2, the share of every test run."""

import random
from pathlib import Path

from tests.stress.port_faults import fail_every_change


def test_f2_a_change_that_fails_is_told_and_a_restart_is_clean(tmp_path: Path) -> None:
    fail_every_change(tmp_path, random.Random(2), 30)
