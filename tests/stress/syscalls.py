"""F2: EIO, ENOSPC and KILL injected by strace into every call that changes something on the disk.

One thread does all the work and is traced from a known moment on, so "the n-th fsync" means the
same call in every run: first a run without a fault counts the calls of each kind, then each of them
is hit in a run of its own, on a fresh copy of the same folder.
"""

import random
import re
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ledger.verify import verify_folder
from tests.ledger.builders import draft, fill, open_log
from tests.stress import one_append as process
from tests.stress.fork_host import ForkHost

CALLS = (
    "fsync,fdatasync,rename,renameat,renameat2,write,writev,pwrite64,openat,mkdir,mkdirat,unlink,"
    "unlinkat,rmdir,ftruncate,fallocate,flock"
)
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")


@dataclass(frozen=True)
class Fault:
    call: str
    number: int
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} at {self.call} number {self.number}"


def inject_into_every_call(folder: Path, rng: random.Random, percent: int) -> str:
    """Each fault at each call; with less than 100 per cent, a random share of them."""
    if shutil.which("strace") is None:
        raise AssertionError("strace is not installed (Debian: apt-get install strace)")
    with ForkHost("tests.stress.one_append") as host:
        machine = _Machine(folder, host)
        faults = [
            Fault(call, number, kind)
            for call, count in sorted(machine.count_calls().items())
            for number in range(1, count + 1)
            for kind in FAULTS
        ]
        chosen = sorted(rng.sample(range(len(faults)), max(1, len(faults) * percent // 100)))
        for index in chosen:
            machine.hit(faults[index])
    assert percent < 100 or all(machine.outcomes[kind] for kind in ("killed", "refused", "fatal"))
    seen = ", ".join(f"{count} {name}" for name, count in sorted(machine.outcomes.items()))
    return f"{len(chosen)} of {len(faults)} faults: {seen}"


class _Machine:
    """Runs the process, traced, on fresh copies of one folder."""

    def __init__(self, folder: Path, host: ForkHost) -> None:
        self.outcomes: Counter[str] = Counter()
        self._folder, self._host = folder, host
        self._whole = folder / "whole"
        log = open_log(self._whole)
        fill(log, 300, publish_every=250)
        log.append([draft("pending/0/1")])
        log.close()
        shutil.rmtree(self._whole / ".staging")
        self._runs = 0

    def count_calls(self) -> Counter[str]:
        """How often each call is made when nothing goes wrong."""
        code, trace = self._run(None)
        assert code == process.ENDED + process.FIRST_ACKNOWLEDGED + process.PUBLISHED + (
            process.SECOND_ACKNOWLEDGED
        ), code
        return Counter(call for call, _ in trace)

    def hit(self, fault: Fault) -> None:
        """One run with the fault, judged, then a clean restart on what it left."""
        code, trace = self._run(fault)
        try:
            self._judge(fault, code, trace)
            self._restart(code)
        except AssertionError as error:
            injected = [rest for _, rest in trace if "(INJECTED)" in rest]
            error.add_note(f"{fault}: exit code {code}, {injected}")
            raise

    def _run(self, fault: Fault | None) -> tuple[int, list[tuple[str, str]]]:
        """The exit code and the calls that strace saw."""
        self._runs += 1
        self._data = self._folder / "data"
        shutil.rmtree(self._data, ignore_errors=True)
        shutil.copytree(self._whole, self._data)
        ready, go = (self._folder / f"{name}-{self._runs}" for name in ("ready", "go"))
        pid = self._host.start("tests.stress.one_append:run", self._data, ready, go)
        while not ready.exists():
            time.sleep(0.001)
        output = self._folder / "trace"
        command = ["strace", "-y", "-o", str(output), "-p", ready.read_text(), "-e"]
        command += [f"trace={CALLS}"]
        if fault:
            command += ["-e", f"inject={fault.call}:{fault.kind}:when={fault.number}"]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert tracer.stderr is not None
        assert "attached" in tracer.stderr.readline()
        go.touch()
        code = self._host.wait(pid)
        tracer.wait()
        tracer.stderr.close()
        matches = (_CALL.match(line) for line in output.read_text(errors="replace").splitlines())
        return code, [(match[1], match[2]) for match in matches if match]

    def _judge(self, fault: Fault, code: int, trace: list[tuple[str, str]]) -> None:
        if fault.kind == "signal=KILL":
            assert code == -9, "it was not killed"
            self.outcomes["killed"] += 1
            return
        assert code >= process.ENDED, "it died"
        assert not code & process.FOREIGN, "an error that is not ours came out"
        place = next((n for n, (_, rest) in enumerate(trace) if "(INJECTED)" in rest), None)
        assert place is not None, "the call was not reached"
        if code & process.FATAL:
            assert not code & process.TOO_LATE, "acknowledged after a failed fsync"
            self.outcomes["fatal"] += 1
        elif code & process.REFUSED:
            self.outcomes["refused"] += 1
        else:
            assert not must_be_fatal(trace[: place + 1]), "a failed fsync went unnoticed"
            self.outcomes["harmless"] += 1

    def _restart(self, code: int) -> None:
        """What was acknowledged is there; the same requests are recorded once; all verifies."""
        before = verify_folder(self._data)
        assert before.ok, before.faults
        log = open_log(self._data)
        keys = [entry.idem for entry in log.read(0, log.head().size)]
        acknowledged = [
            one.idem
            for bit, drafts in (
                (process.FIRST_ACKNOWLEDGED, process.FIRST),
                (process.SECOND_ACKNOWLEDGED, process.SECOND),
            )
            for one in drafts
            if code >= process.ENDED and code & bit
        ]
        assert set(acknowledged) <= set(keys), "an acknowledged entry is gone"
        first = [one.idem for one in process.FIRST]
        assert len(set(first) & set(keys)) in (0, len(first)), "half a request is there"
        for drafts in (process.FIRST, process.SECOND):
            for receipt, one in zip(log.append(drafts), drafts, strict=True):
                assert receipt.repeated == (one.idem in keys)
        log.close()
        after = verify_folder(self._data)
        assert (after.ok, after.size) == (True, 304), after.faults


def must_be_fatal(trace: list[tuple[str, str]]) -> bool:
    """Whether the last call, having failed, means that something must not be acknowledged.

    All of our own syncs, and the sync of SQLite's journal after it was written: a commit. Not what
    SQLite does again from the journal, when it moves it into the database file, and not its sync of
    the journal's name: SQLite ignores that one failing, so ``Log.open`` syncs the folder.
    """
    call, rest = trace[-1]
    if call == "fdatasync" and "sequencer.db-wal>" in rest:
        journal = [call for call, rest in trace[:-1] if "sequencer.db-wal>" in rest]
        return journal[-1:] == ["pwrite64"]
    return call == "fsync"
