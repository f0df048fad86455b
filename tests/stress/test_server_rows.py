"""The rows F4, F5 and F15, on a disk and a server of their own: the share of every test run."""

import random
from pathlib import Path

from tests.stress.failed_fsync import fail_fsync
from tests.stress.full_disk import Small, fill_disk_that
from tests.stress.signals import disturb_server


def test_f4_a_full_disk_refuses_writes_and_recovers(tmp_path: Path) -> None:
    assert fill_disk_that(tmp_path / "data", Small(), random.Random(4))


def test_f5_a_failed_fsync_ends_the_server_with_a_failure(tmp_path: Path) -> None:
    fail_fsync(tmp_path, random.Random(5), 1)


def test_f15_signals_and_vanished_clients_leave_no_half_batch(tmp_path: Path) -> None:
    disturb_server(tmp_path, random.Random(15), 1)
