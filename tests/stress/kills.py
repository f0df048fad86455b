"""F1: processes killed with signal 9 at random points, verification after each."""

import random
import time
from pathlib import Path

from ledger.verify import verify_folder
from tests.ledger.builders import open_log
from tests.stress.fork_host import ForkHost
from tests.stress.history import Acknowledged, History, read_acknowledged

WRITERS = 4
KILLS_PER_LEDGER = 20
"""Then a new ledger is begun, so that its creation is killed as well and verification stays fast:
the writers that are left go on while the others' ledger is verified, so it grows all the time."""
LONGEST_PAUSE = 0.08


def kill_writers(folder: Path, rng: random.Random, kills: int) -> str:
    """Kill some of four writers, at some moment, ``kills`` times. Those left go on meanwhile."""
    acknowledged = entries = 0
    with ForkHost("tests.stress.writers") as host:
        for number, done in enumerate(range(0, kills, KILLS_PER_LEDGER)):
            rounds = _Rounds(folder / str(number), host)
            for _ in range(min(KILLS_PER_LEDGER, kills - done)):
                rounds.kill_some(rng)
            rounds.end()
            acknowledged += rounds.acknowledged
            entries += rounds.history.size
    assert acknowledged
    return f"{kills} kills, {acknowledged} acknowledged and {entries} recorded entries"


class _Rounds:
    """One ledger and the writers that die on it."""

    def __init__(self, folder: Path, host: ForkHost) -> None:
        self.history = History()
        self.acknowledged = 0
        self._folder, self._host = folder, host
        self._folder.mkdir()
        self._writers: dict[int, Path] = {}
        self._started = 0
        self._data = folder / "data"

    def kill_some(self, rng: random.Random) -> None:
        """Fill up the writers, wait, kill at least one of them, check everything."""
        while len(self._writers) < WRITERS:
            self._start()
        time.sleep(rng.uniform(0, LONGEST_PAUSE))
        doomed = rng.sample(sorted(self._writers), rng.choice((1, 1, 2, WRITERS)))
        for pid in doomed:
            self._host.kill(pid)
        self._check([self._writers.pop(pid) for pid in doomed])

    def end(self) -> None:
        """Kill the rest and check what they did."""
        for pid in self._writers:
            self._host.kill(pid)
        self._check(list(self._writers.values()))
        self._writers.clear()
        report = verify_folder(self._data)
        assert report.ok, report.faults

    def _start(self) -> None:
        lines = self._folder / f"acknowledged-{self._started}"
        name = f"{self._folder.name}-{self._started}"
        pid = self._host.start("tests.stress.writers:write", self._data, name, lines)
        self._writers[pid] = lines
        self._started += 1

    def _check(self, files: list[Path]) -> None:
        """As the dead left it, then opened, which completes what they had begun.

        What opening made of it is verified after the next death, or at the end.
        """
        acknowledged: list[Acknowledged] = [
            ack for path in files for ack in read_acknowledged(path)
        ]
        if acknowledged or self.history.size:
            report = verify_folder(self._data)
            assert report.ok, report.faults
        log = open_log(self._data)
        self.acknowledged += self.history.check(log, acknowledged)
        self.history.check_units()
        log.close()
