"""A file system that remembers what was synced, so that the power can fail at any moment of it.

``PowerLossFs`` works on a real folder and writes down every change. ``crash`` makes a folder as it
may be found after a power loss: everything that was synced is there; of the rest any part, in any
order. An unsynced file may be empty, cut or full of zeros. A rename is two changes, each of which
may be lost alone: no file system is that bad, all are better.

SQLite is not behind ``Fs``. Its database is taken as it stood at the moment of the loss, that is:
its own commits are believed to be durable (WAL, ``synchronous = FULL``). ``syscalls`` holds that
belief against a real SQLite by letting its syncs fail.
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ledger.durable import OsFs

DATABASE = "ledger/sequencer.db"
LOCKS = ("ledger/open.lock", "ledger/publish.lock")


@dataclass
class Change:
    """Bytes of a file, or a name in a folder; ``synced`` once nothing can take it back."""

    folder: Path
    name: str
    file: "File | None"
    """What the name stands for from now on; None: the name is gone."""
    synced_at: int | None = None
    """The number of the call that made it durable."""


@dataclass
class File:
    """What a name can stand for; a folder has no bytes."""

    data: bytes | None
    synced_at: int | None = None


@dataclass(frozen=True)
class Moment:
    """Between two calls: how many were made, and what SQLite and the caller had by then."""

    calls: int
    database: dict[str, bytes]
    acknowledged: int


@dataclass
class Record:
    """Everything that happened."""

    changes: list[tuple[int, Change]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)


class PowerLossFs(OsFs):
    """Carries everything out and writes it down."""

    def __init__(self, data: Path) -> None:
        self.record = Record()
        self.acknowledged = 0
        self._data = data
        self._calls = itertools.count(1)
        self._files: dict[Path, File] = {}

    def moment(self) -> int:
        """Remember this moment as one at which the power may fail; the number of the next call."""
        number = next(self._calls)
        database = {
            path.name: path.read_bytes()
            for path in (self._data / DATABASE, self._data / f"{DATABASE}-wal")
            if path.exists()
        }
        last = self.record.moments[-1].database if self.record.moments else None
        self.record.moments.append(
            Moment(number - 1, last if last == database else database, self.acknowledged)
        )
        return number

    def write(self, path: Path, data: bytes, mode: int) -> None:
        number = self.moment()
        super().write(path, data, mode)
        self._files[path] = File(data)
        self._name(number, path, self._files[path])

    def rename(self, source: Path, target: Path) -> None:
        number = self.moment()
        super().rename(source, target)
        self._files[target] = self._files.pop(source, File(None))
        self._name(number, source, None)
        self._name(number, target, self._files[target])

    def make_folder(self, path: Path) -> None:
        number = self.moment()
        super().make_folder(path)
        self._name(number, path, File(None))

    def remove(self, path: Path) -> None:
        number = self.moment()
        super().remove(path)
        self._name(number, path, None)

    def sync(self, path: Path) -> None:
        number = self.moment()
        super().sync(path)
        if path in self._files and path.is_file():
            self._files[path].synced_at = self._files[path].synced_at or number
        for _, change in self.record.changes:
            if change.folder == path and change.synced_at is None:
                change.synced_at = number

    def _name(self, number: int, path: Path, file: File | None) -> None:
        self.record.changes.append((number, Change(path.parent, path.name, file)))


Keep = Callable[[], bool]


def crash(record: Record, moment: Moment, root: Path, target: Path, rng: random.Random, keep: Keep):
    """Make ``target`` as ``root`` may be after a loss; ``keep`` says of each unsynced change."""
    names: dict[Path, File] = {}
    for number, change in record.changes:
        if number > moment.calls:
            break
        if _durable(change.synced_at, moment) or keep():
            path = change.folder / change.name
            if change.file is None:
                names.pop(path, None)
            else:
                names[path] = change.file
    target.mkdir()
    for path in sorted(names):
        place = target / path.relative_to(root)
        file = names[path]
        if not place.parent.is_dir() or path == root:
            continue
        if path == root / DATABASE:
            for name, data in moment.database.items():
                (place.parent / name).write_bytes(data)
        elif file.data is None:
            place.mkdir()
        else:
            whole = _durable(file.synced_at, moment) or keep()
            place.write_bytes(file.data if whole else _torn(file.data, rng))


def _durable(synced_at: int | None, moment: Moment) -> bool:
    return synced_at is not None and synced_at <= moment.calls


def _torn(data: bytes, rng: random.Random) -> bytes:
    cut = rng.randint(0, len(data))
    return rng.choice((b"", data[:cut], bytes(len(data)), data[:cut] + bytes(len(data) - cut)))
