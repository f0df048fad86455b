"""Several processes on one folder; those that die without warning are in ``tests.stress``."""

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

from ledger.folder import Paths
from ledger.log import Log
from ledger.verify import verify_folder
from tests.ledger.builders import open_log
from tests.ledger.tlog_reader import read_log

ROOT = Path(__file__).parents[2]


def start(data: Path, name: str, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.writer", str(data), name, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def acknowledged(output: str) -> list[tuple[int, str]]:
    """The (seq, key) of every whole line; other lines are logs."""
    lines = [line.split() for line in output.split("\n")[:-1] if line.startswith("ack ")]
    return [(int(seq), key) for _, seq, key in lines]


def recorded(log: Log) -> list[str]:
    return [entry.idem for entry in log.read(0, 10**9)]


def test_two_processes_append_to_one_ledger(tmp_path: Path) -> None:
    writers = [start(tmp_path, name, 60) for name in ("a", "b")]
    outputs = [writer.communicate()[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    log = open_log(tmp_path)
    keys = recorded(log)
    acks = [ack for output in outputs for ack in acknowledged(output)]
    assert sorted(acks) == list(enumerate(keys))
    assert len(keys) == len(set(keys)) == 360
    vkey = log.vkey
    log.close()
    assert verify_folder(tmp_path).ok
    assert len(read_log(tmp_path / "ledger/static", vkey)) == 360


def test_an_opener_waits_for_another_that_lets_a_new_folder_go_unfinished(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.ledger.mkdir(parents=True)
    with paths.open_lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        gone = threading.Timer(0.1, fcntl.flock, (held, fcntl.LOCK_UN))
        gone.start()
        log = open_log(tmp_path)
        gone.join()
    assert log.head().size == 0
    log.close()
