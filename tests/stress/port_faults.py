"""F2 without strace: faults at every call of the ``Fs`` port of one append and publish."""

import errno
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from domain.clock import FrozenClock
from domain.errors import LineproofError
from ledger.durable import FsyncFailed
from ledger.entry import Draft
from ledger.log import Log
from ledger.verify import verify_folder
from tests.ledger.builders import draft, fill, open_log
from tests.stress.faulty_fs import FAULTS, FaultyFs, Killed

FIRST = [draft("first-1", payload={"text": "x" * 20_000}), draft("first-2")]
SECOND = [draft("second")]
BEFORE = 255
T = TypeVar("T")


def fail_every_change(folder: Path, rng: random.Random, percent: int) -> str:
    """Each fault at each call, or a random share of them."""
    whole = folder / "whole"
    log = open_log(whole)
    fill(log, BEFORE)
    log.close()
    cases = [
        (number, fault)
        for number in range(1, _count_calls(whole, folder / "copy") + 1)
        for fault in FAULTS
    ]
    chosen = sorted(rng.sample(range(len(cases)), max(1, len(cases) * percent // 100)))
    for index in chosen:
        _fail(whole, folder / "copy", *cases[index])
    return f"{len(chosen)} of {len(cases)} faults"


class _Work:
    """Open, append with a blob, publish, append, close; what came of it."""

    def __init__(self, data: Path, fs: FaultyFs) -> None:
        self.acknowledged: list[str] = []
        self.errors: list[LineproofError] = []
        self._data, self._fs = data, fs

    def run(self) -> None:
        log = self._attempt(self._open)
        if log is None:
            return
        self._append(log, FIRST)
        self._attempt(log.publish)
        self._append(log, SECOND)
        self._attempt(log.close)

    def _open(self) -> Log:
        return Log.open(self._data, clock=FrozenClock(1), background=False, fs=self._fs)

    def _append(self, log: Log, drafts: Sequence[Draft]) -> None:
        if self._attempt(lambda: log.append(drafts)):
            assert not any(isinstance(error, FsyncFailed) for error in self.errors)
            self.acknowledged += [one.idem for one in drafts]

    def _attempt(self, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except LineproofError as error:
            self.errors.append(error)
            return None


def _count_calls(whole: Path, copy: Path) -> int:
    shutil.copytree(whole, copy)
    fs = FaultyFs()
    work = _Work(copy, fs)
    work.run()
    assert (work.errors, len(work.acknowledged)) == ([], 3)
    shutil.rmtree(copy)
    return fs.calls


def _fail(whole: Path, copy: Path, number: int, fault: int | None) -> None:
    shutil.copytree(whole, copy)
    fs = FaultyFs(number, fault)
    work = _Work(copy, fs)
    try:
        work.run()
        # A publish on opening or closing waits for room on the disk; that is no error.
        assert work.errors or fault == errno.ENOSPC, "it failed and nobody was told"
        assert (fs.failed == "sync") == any(isinstance(e, FsyncFailed) for e in work.errors)
    except Killed:
        pass
    except AssertionError as error:
        error.add_note(f"fault {fault} at {fs.failed}, number {number}: {work.errors}")
        raise
    assert fs.failed
    _restart(copy, work.acknowledged)
    shutil.rmtree(copy)


def _restart(copy: Path, acknowledged: list[str]) -> None:
    """What was acknowledged is there; the same requests are recorded once; all verifies."""
    report = verify_folder(copy)
    assert report.ok, report.faults
    log = open_log(copy)
    keys = [entry.idem for entry in log.read(BEFORE, log.head().size)]
    assert set(acknowledged) <= set(keys)
    for drafts in (FIRST, SECOND):
        for receipt, one in zip(log.append(drafts), drafts, strict=True):
            assert receipt.repeated == (one.idem in keys)
    log.close()
    report = verify_folder(copy)
    assert (report.ok, report.size) == (True, BEFORE + 3)
