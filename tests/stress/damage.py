"""F6: a bit flipped, a file cut, grown or removed, in every kind of file a ledger has."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from domain.canonical import JsonObject
from domain.errors import LineproofError
from ledger.entry import Entry
from ledger.projection import Cursor, catch_up
from ledger.verify import verify_folder
from tests.ledger.builders import draft, fill, open_log

DATABASE = "ledger/sequencer.db"
ACTIONS = ("flip", "cut", "grow", "remove")


def damage_files(folder: Path, rng: random.Random, count: int) -> str:
    """``count`` damages, in turn over the kinds of files. Each must be found, or touch nothing
    that is stored; and whatever a projection still applies is what was recorded.
    """
    whole = _build(folder / "whole")
    stored, recorded = _rows(whole), _applied(whole)
    assert recorded
    kinds = _kinds(whole)
    seen: Counter[str] = Counter()
    for number in range(count):
        kind = sorted(kinds)[number % len(kinds)]
        name, action = rng.choice(kinds[kind]), rng.choice(ACTIONS)
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole, copy)
        what = f"{action} {name}: {_damage(copy / name, action, rng)}"
        found = not verify_folder(copy).ok
        allowed = (action == "remove" and kind in ("key", "superseded")) or (
            name == DATABASE and action == "flip" and _rows(copy) == stored
        )
        assert found or allowed, f"not found: {what}"
        applied = _applied(copy)
        assert applied in (None, recorded), f"a projection applied what was not recorded: {what}"
        seen[kind] += found
        seen["projections that refused"] += applied is None
    assert all(seen[kind] for kind in kinds if count >= 3 * len(kinds))
    return f"{count} damages, found: " + ", ".join(f"{n} {k}" for k, n in sorted(seen.items()))


def _build(data: Path) -> Path:
    """A closed ledger with every kind of file, and no journal of SQLite's."""
    log = open_log(data)
    fill(log, 300, publish_every=290)
    log.append([draft(f"big{n}", payload={"text": f"{n}" * 17_000}) for n in range(2)])
    log.close()
    log = open_log(data)
    log.append([draft("last")])
    log.close()
    return data


def _kinds(data: Path) -> dict[str, list[str]]:
    """The files by kind."""
    kinds: dict[str, list[str]] = {}
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if path.is_file() and not name.endswith(".lock"):
            kinds.setdefault(_kind(name), []).append(name)
    assert sorted(kinds) == [
        "blob", "bundle", "checkpoint", "key", "manifest", "sequencer", "superseded", "tile",
    ]  # fmt: skip
    return kinds


def _kind(name: str) -> str:
    if ".p/" in name and not name.endswith((".p/47", ".p/1")):
        return "superseded"
    beginnings = {
        "blobs/": "blob",
        "keys/": "key",
        "ledger/ledger.toml": "manifest",
        "ledger/sequencer.db": "sequencer",
        "ledger/static/checkpoint": "checkpoint",
        "ledger/static/tile/entries/": "bundle",
        "ledger/static/tile/": "tile",
    }
    return next(kind for start, kind in beginnings.items() if name.startswith(start))


def _damage(path: Path, action: str, rng: random.Random) -> str:
    """Carry it out; where."""
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    if action == "remove":
        path.unlink()
    elif action == "flip":
        data[place] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
    else:
        path.write_bytes(data[:place] if action == "cut" else data + bytes([place % 256]))
    return f"byte {place}"


def _rows(data: Path) -> list[list[tuple[object, ...]]] | None:
    """All that the sequencer stores; None when it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{data / DATABASE}?mode=ro", uri=True)) as database:
            return [
                database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("head", "pending", "idem")
            ]
    except sqlite3.Error:
        return None


class Applied:
    """A projection that keeps what it was given."""

    name = "applied"

    def __init__(self) -> None:
        self.entries: list[tuple[int, str, JsonObject]] = []
        self._cursor = Cursor()

    def cursor(self) -> Cursor:
        return self._cursor

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        assert old == self._cursor
        self.entries += [(entry.at, entry.idem, entry.payload) for entry in entries]
        self._cursor = new

    def reset(self) -> None:
        self.__init__()


def _applied(data: Path) -> list[tuple[int, str, JsonObject]] | None:
    """What a fresh projection gets of the ledger; None when it is refused."""
    projection = Applied()
    try:
        log = open_log(data)
        try:
            catch_up(log, projection)
        finally:
            log.close()
    except LineproofError:
        assert not projection.entries or len(projection.entries) % 1_000 == 0
        return None
    return projection.entries
