"""The rows F1 to F15 that need no server, each with the share of every test run."""

import random
from pathlib import Path

import pytest

from tests.stress.clocks import set_clocks
from tests.stress.damage import damage_files
from tests.stress.forks import fork_folders
from tests.stress.kills import kill_writers
from tests.stress.port_faults import fail_every_change
from tests.stress.rows import Scenario
from tests.stress.sequencer_loss import lose_sequencer


@pytest.mark.parametrize(
    ("scenario", "share"),
    [
        pytest.param(kill_writers, 8, id="f1_killed_writers_lose_and_double_nothing"),
        pytest.param(fail_every_change, 25, id="f2_a_change_that_fails_is_told"),
        pytest.param(damage_files, 48, id="f6_damage_is_found_and_reaches_no_projection"),
        pytest.param(lose_sequencer, 3, id="f7_a_lost_or_older_sequencer_is_refused_and_rebuilt"),
        pytest.param(set_clocks, 40, id="f10_order_and_content_do_not_depend_on_the_clock"),
        pytest.param(fork_folders, 2, id="f14_a_client_with_a_memory_reports_a_fork"),
    ],
)
def test_row(scenario: Scenario, share: int, tmp_path: Path) -> None:
    assert scenario(tmp_path, random.Random(share), share)
