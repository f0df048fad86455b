"""F3: the power fails at every moment of a ledger's life, and unsynced changes are lost at will."""

import random
import shutil
from pathlib import Path

from domain.clock import FrozenClock
from ledger import merkle
from ledger.checkpoint import Checkpoint
from ledger.log import Log
from ledger.verify import verify_folder, verify_static
from tests.ledger.builders import draft, open_log
from tests.stress.power import DATABASE, Moment, PowerLossFs, crash

SUBSETS_OF_EVERY_MOMENT = 2
"""Nothing of what is unsynced, and all of it."""


def lose_power(folder: Path, rng: random.Random, samples: int) -> str:
    """Every moment twice, then ``samples`` random moments with a random part of the unsynced."""
    life = Life(folder / "life", PowerLossFs(folder / "life"))
    moments = life.fs.record.moments
    for moment in moments:
        for kept in (False, True):
            life.survive(folder / "crash", moment, rng, 1.0 if kept else 0.0)
    for _ in range(samples):
        life.survive(folder / "crash", rng.choice(moments), rng, rng.choice((0.1, 0.5, 0.9)))
    calls = moments[-1].calls
    return f"{calls} calls, {SUBSETS_OF_EVERY_MOMENT * len(moments)} prefixes, {samples} subsets"


class Life:
    """One ledger from its creation on, with what its clients were told on the way."""

    def __init__(self, data: Path, fs: PowerLossFs) -> None:
        self.fs = fs
        self._data = data
        self._acknowledged: list[tuple[int, str]] = []
        self._published: list[tuple[int, Checkpoint]] = []
        log = Log.open(data, clock=FrozenClock(1_000), background=False, fs=fs)
        self._append(log, ["first", "blob-1"])
        self._publish(log)
        self._append(log, [f"many-{n}" for n in range(252)])
        self._publish(log)
        self._append(log, ["blob-1 again", "blob-2"])
        self._append(log, ["one"])
        self._publish(log)
        log.close()
        log = Log.open(data, clock=FrozenClock(2_000), background=False, fs=fs)
        self._append(log, ["last"])
        log.close()
        fs.moment()
        self._vkey = log.vkey

    def _append(self, log: Log, keys: list[str]) -> None:
        drafts = [
            draft(key, payload={"text": key[:6] * 3_000}) if "blob" in key else draft(key)
            for key in keys
        ]
        receipts = log.append(drafts)
        self._acknowledged += [(r.seq, key) for r, key in zip(receipts, keys, strict=True)]
        self.fs.acknowledged = len(self._acknowledged)
        self.fs.moment()

    def _publish(self, log: Log) -> None:
        self._published.append((len(self._acknowledged), log.publish()))
        self.fs.moment()

    def survive(self, target: Path, moment: Moment, rng: random.Random, chance: float) -> None:
        """Lose the power at ``moment``; what was promised until then must hold."""
        shutil.rmtree(target, ignore_errors=True)
        crash(self.fs.record, moment, self._data, target, rng, lambda: rng.random() < chance)
        try:
            self._judge(target, self._acknowledged[: moment.acknowledged])
        except Exception as error:
            error.add_note(f"after {moment.calls} calls, {chance:.0%} of the unsynced kept")
            raise

    def _judge(self, data: Path, acknowledged: list[tuple[int, str]]) -> None:
        if (data / "ledger/static/checkpoint").exists():
            report = verify_static(data / "ledger/static", self._vkey)
            assert report.ok, report.faults
        assert not acknowledged or (data / DATABASE).exists(), "the sequencer's name was lost"
        log = open_log(data, clock=FrozenClock(3_000))
        entries = list(log.read(0, log.head().size))
        keys = [entry.idem for entry in entries]
        assert len(set(keys)) == len(keys)
        for seq, key in acknowledged:
            assert keys[seq] == key, f"acknowledged entry {seq} is gone"
        leaves = [merkle.leaf_hash(entry.data) for entry in entries]
        for known, checkpoint in self._published:
            if known <= len(acknowledged) and acknowledged:
                root = merkle.root(merkle.extend(0, (), leaves[: checkpoint.size])[1])
                assert root == checkpoint.root, f"two roots are signed for size {checkpoint.size}"
        log.close()
        report = verify_folder(data)
        assert report.ok, report.faults
