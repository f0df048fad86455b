"""F4: the disk fills up during ingest, first to the reserve, then to the last byte."""

import os
import random
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.clock import SystemClock
from domain.errors import StorageFullError
from ledger.durable import RESERVED_BYTES, OsFs
from ledger.log import Log
from ledger.verify import verify_folder
from tests.ledger.builders import draft, open_log

ROOM = 16 * 1024 * 1024
"""Bytes above the reserve."""


class Careless(OsFs):
    """Believes that there is always room, so that writes meet a disk that has none."""

    def free_bytes(self, path: Path) -> int:
        return 10**12


class Small(OsFs):
    """A disk that only says that it is small: for those who may not mount one."""

    used = 0

    def free_bytes(self, path: Path) -> int:
        return RESERVED_BYTES + ROOM - self.used

    def write(self, path: Path, data: bytes, mode: int) -> None:
        super().write(path, data, mode)
        self.used += len(data)


def fill_disk(folder: Path, rng: random.Random, rounds: int) -> str:
    """``rounds`` times full and with room again. Needs root for a disk of its own (tmpfs)."""
    if os.geteuid() != 0:
        return f"simulated, not root: {fill_disk_that(folder / 'data', Small(), rng)} entries"
    with _mounted(folder / "disk"):
        data = folder / "disk/data"
        entries = fill_disk_that(data, OsFs(), rng)
        for _ in range(rounds):
            _fill_to_the_last_byte(data, folder / "disk/ballast", rng)
    return f"{entries} entries until the reserve, {rounds} times no byte left"


@contextmanager
def _mounted(disk: Path) -> Generator[None]:
    disk.mkdir()
    size = f"size={RESERVED_BYTES + ROOM}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill_disk_that(data: Path, fs: OsFs, rng: random.Random) -> int:
    """Ingest until it is refused; reads go on, and nothing of what was acknowledged is gone."""
    log = Log.open(data, clock=SystemClock(), background=False, fs=fs)
    count = 0
    with pytest.raises(StorageFullError):
        while True:
            text = rng.randbytes(300_000).hex()
            count += bool(log.append([draft(f"big-{count}", payload={"text": text})]))
    assert count > 3
    assert [entry.idem for entry in log.read(0, 10**9)] == [f"big-{n}" for n in range(count)]
    with pytest.raises(StorageFullError):
        log.append([draft("small")])
    assert log.failure is None
    if isinstance(fs, Small):
        fs.used = 0
        assert log.append([draft("room again")])
    log.close()
    report = verify_folder(data)
    assert report.ok, report.faults
    return count


def _fill_to_the_last_byte(data: Path, ballast: Path, rng: random.Random) -> None:
    log = Log.open(data, clock=SystemClock(), background=False, fs=Careless())
    size = log.head().size
    kept: list[str] = []
    with ballast.open("wb") as file, pytest.raises(OSError, match="space"):
        while True:
            os.write(file.fileno(), bytes(rng.randint(1, 60_000)))
    with pytest.raises(StorageFullError):
        for number in range(10_000):
            key = f"{size}-{number}"
            log.append([draft(key, payload={"text": "x" * rng.choice((10, 5_000, 30_000))})])
            kept.append(key)
            log.publish()
    assert log.failure is None, log.failure
    assert [entry.idem for entry in log.read(size, 10**9)][: len(kept)] == kept
    ballast.unlink()
    log.append([draft(f"{size}-room again")])
    log.publish()
    log.close()
    report = verify_folder(data)
    assert report.ok, report.faults
    log = open_log(data)
    keys = [entry.idem for entry in log.read(size, 10**9)]
    assert keys[: len(kept)] == kept
    assert keys[-1] == f"{size}-room again"
    log.close()
