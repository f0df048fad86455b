"""The sequencer: SQLite as the one place that decides order, and the commit point of every append.

``head`` holds the tree (size, edge) and the last signed checkpoint, ``pending`` the entries that no
durable checkpoint covers yet, ``idem`` what each idempotency key stands for. One transaction moves
all three; nothing is signed before the publisher does. Several processes may use one database:
each transaction reads ``head`` again.
"""

import sqlite3
import threading
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from domain.errors import (
    BackendError,
    ConflictError,
    ErrorCode,
    IntegrityError,
    LineproofError,
    OverloadedError,
)
from ledger import merkle
from ledger.durable import FsyncFailed, storage_full
from ledger.entry import Content, Receipt
from ledger.merkle import HASH_SIZE, Edge

BUSY_SECONDS = 30.0
_VERIFY = "Check the ledger with `lineproof ledger verify`."

_SCHEMA = """
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL, edge BLOB NOT NULL, checkpoint TEXT NOT NULL,
    published INTEGER NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE pending (seq INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
CREATE TABLE idem (
    seq INTEGER PRIMARY KEY, project TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX idem_key ON idem (project, key);
"""

Unit: TypeAlias = Sequence[Content]
"""The entries of one append: all of them or none."""
Outcome: TypeAlias = "list[Receipt] | LineproofError"
KeyRow: TypeAlias = tuple[int, str, str, bytes]
"""(seq, project, idempotency key, content digest)."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is committed. ``published`` entries are covered by a durable checkpoint file."""

    size: int
    edge: Edge
    checkpoint: str
    """The last one that was signed: of at least ``published`` entries, of ``size`` at most."""
    published: int
    at: int
    """Time of the last entry, milliseconds since the epoch."""

    @property
    def root(self) -> bytes:
        """The root of the committed tree."""
        return merkle.root(self.edge)


class Sequencer:
    """One process's door to the database. Thread-safe; each thread sees committed state only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _typed_errors():
            self._writer = _connect(path)
            self._publisher = _connect(path)
            self._reader = _connect(path)
        self._writer_lock = threading.Lock()
        self._publisher_lock = threading.Lock()
        self._reader_lock = threading.Lock()

    def close(self) -> None:
        """Close the database; committed entries stay."""
        for connection in (self._reader, self._publisher, self._writer):
            connection.close()

    def head(self) -> Head:
        """The committed state, whichever process committed it."""
        with self._reader_lock, _typed_errors():
            return _read_head(self._reader)

    def pending(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        """The pending (seq, entry) in [start, stop), in order."""
        with self._reader_lock, _typed_errors():
            return self._reader.execute(
                "SELECT seq, entry FROM pending WHERE seq >= ? AND seq < ? ORDER BY seq",
                (start, stop),
            ).fetchall()

    def idem_digests(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        """The (seq, content digest) recorded for the keys of entries in [start, stop), in order."""
        with self._reader_lock, _typed_errors():
            return self._reader.execute(
                "SELECT seq, digest FROM idem WHERE seq >= ? AND seq < ? ORDER BY seq",
                (start, stop),
            ).fetchall()

    def known_keys(self, project: str, keys: Collection[str]) -> set[str]:
        """Those of the idempotency keys that stand for an entry."""
        with self._reader_lock, _typed_errors():
            return {key for key in keys if _known(self._reader, project, key)}

    def keys_beyond_head(self) -> int:
        """How many idempotency keys stand for entries that are not there."""
        with self._reader_lock, _typed_errors():
            # One statement, one moment: writers of other processes go on.
            row = self._reader.execute(
                "SELECT count(*) FROM idem WHERE seq >= (SELECT size FROM head)"
            ).fetchone()
        return int(row[0])

    def torn(self) -> bool:
        """Whether the database file does not end with a whole page."""
        with self._reader_lock, _typed_errors():
            page_size = int(self._reader.execute("PRAGMA page_size").fetchone()[0])
        return self._path.stat().st_size % page_size != 0

    def faults(self, *, tables: Sequence[str] = ("head", "pending", "idem")) -> list[str]:
        """What SQLite finds wrong in the tables' pages and indexes; empty when all is well.

        On a connection of its own: it takes long, and others go on reading meanwhile.
        """
        with _typed_errors(), closing(_connect(self._path)) as connection:
            found = [
                str(row[0])
                for table in tables
                for row in connection.execute(f"PRAGMA integrity_check({table})")
            ]
            found += [] if _columns(connection) == _made_columns() else ["its schema was changed"]
        return [message for message in found if message != "ok"]

    def commit(self, units: Sequence[Unit], now_ms: int) -> list[Outcome]:
        """Record every unit in order, durable on return; one outcome for each.

        A unit with a conflicting key gets its ``ConflictError`` and leaves no trace; the others are
        recorded. Raises ``StorageFullError``, ``OverloadedError`` (locked by another process) with
        nothing recorded, or ``FsyncFailed`` when the disk did not confirm.
        """
        with self._writer_lock, _typed_errors(), _transaction(self._writer) as db:
            head = _read_head(db)
            batch = _Batch(db, head, now_ms)
            outcomes = batch.add_all(units)
            if batch.recorded:
                leaves = merkle.leaf_hashes(entry for _, entry in batch.recorded)
                size, edge = merkle.extend(head.size, head.edge, leaves)
                db.executemany("INSERT INTO pending VALUES (?, ?)", batch.recorded)
                db.execute(
                    "UPDATE head SET size = ?, edge = ?, at = ?", (size, b"".join(edge), batch.at)
                )
        return outcomes

    def copy_to(self, path: Path) -> None:
        """Copy the database as it is committed now into a new file; not durable by itself."""
        with self._publisher_lock, _typed_errors():
            target = sqlite3.connect(path)
            try:
                self._publisher.backup(target)
            finally:
                target.close()

    def restate(self, checkpoint: str) -> None:
        """Have the committed tree published with this text, whoever else signed it."""
        with self._writer_lock, _typed_errors(), _transaction(self._writer) as db:
            db.execute("UPDATE head SET checkpoint = ?", (checkpoint,))

    def mark_published(self, size: int, checkpoint: str) -> None:
        """The durable ``checkpoint`` covers the first ``size`` entries: they need not be pending.

        The caller holds the publish lock, so ``size`` never falls.
        """
        with self._publisher_lock, _typed_errors(), _transaction(self._publisher) as db:
            db.execute("UPDATE head SET published = ?, checkpoint = ?", (size, checkpoint))
            db.execute("DELETE FROM pending WHERE seq < ?", (size,))


class _Batch:
    """The units of one transaction: resolves idempotency keys, numbers what is new."""

    def __init__(self, db: sqlite3.Connection, head: Head, now_ms: int) -> None:
        self._db = db
        self._next = head.size
        self.at = max(head.at, now_ms)
        self.recorded: list[tuple[int, bytes]] = []
        self._added: dict[tuple[str, str], tuple[int, bytes]] = {}

    def add_all(self, units: Sequence[Unit]) -> list[Outcome]:
        """Record the units in order, each whole or not at all."""
        new: list[KeyRow] = []
        outcomes = [self._add(unit, new) for unit in units]
        self._db.executemany("INSERT INTO idem VALUES (?, ?, ?, ?)", new)
        return outcomes

    def _add(self, unit: Unit, new: list[KeyRow]) -> Outcome:
        """Record one unit, or nothing of it."""
        fresh: dict[tuple[str, str], tuple[int, bytes]] = {}
        entries: list[tuple[int, bytes]] = []
        receipts: list[Receipt] = []
        for content in unit:
            key = (content.project, content.idem)
            known = fresh.get(key) or self._added.get(key) or _known(self._db, *key)
            if known is None:
                seq = self._next + len(fresh)
                fresh[key] = (seq, content.digest)
                entries.append((seq, content.recorded(self.at)))
                receipts.append(Receipt(seq, repeated=False))
            elif known[1] == content.digest:
                receipts.append(Receipt(known[0], repeated=True))
            else:
                return _conflict(content.idem, known[0])
        new += [(seq, *key, digest) for key, (seq, digest) in fresh.items()]
        self._added.update(fresh)
        self.recorded += entries
        self._next += len(fresh)
        return receipts


def _known(db: sqlite3.Connection, project: str, key: str) -> tuple[int, bytes] | None:
    """(seq, content digest) of the entry that the idempotency key stands for, if there is one."""
    row: tuple[int, bytes] | None = db.execute(
        "SELECT seq, digest FROM idem WHERE project = ? AND key = ?", (project, key)
    ).fetchone()
    return row


def create_sequencer(path: Path, head: Head, keys: Iterator[KeyRow]) -> None:
    """Make the database with ``head``, nothing pending, and ``keys``."""
    with _typed_errors():
        connection = _connect(path)
        try:
            connection.executescript(_SCHEMA)
            with _transaction(connection) as db:
                db.executemany("INSERT INTO idem VALUES (?, ?, ?, ?)", keys)
                db.execute(
                    "INSERT INTO head VALUES (1, ?, ?, ?, ?, ?)",
                    (head.size, b"".join(head.edge), head.checkpoint, head.published, head.at),
                )
        finally:
            connection.close()


def _columns(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    """What the tables and the index consist of."""
    return [
        connection.execute(f"PRAGMA {what}").fetchall()
        for what in (
            "table_info(head)",
            "table_info(pending)",
            "table_info(idem)",
            "index_info(idem_key)",
        )
    ]


def _made_columns() -> list[list[tuple[object, ...]]]:
    """The same of a database as it is made."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_SCHEMA)
        return _columns(connection)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _read_head(db: sqlite3.Connection) -> Head:
    row = db.execute("SELECT size, edge, checkpoint, published, at FROM head").fetchone()
    if row is None:
        raise IntegrityError("sequencer.db has lost its head.", hint=_VERIFY)
    edge = tuple(row[1][i : i + HASH_SIZE] for i in range(0, len(row[1]), HASH_SIZE))
    return Head(row[0], edge, row[2], row[3], row[4])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    """BEGIN IMMEDIATE … COMMIT, rolled back on any failure."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _typed_errors() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error) from error
    except UnicodeDecodeError as error:  # Text that SQLite stores, or quotes, is no text any more.
        raise IntegrityError("sequencer.db is damaged: it holds no text.", hint=_VERIFY) from error


def _translated(error: sqlite3.Error) -> LineproofError:
    """SQLite's primary result code as one of our errors."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return storage_full()
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return OverloadedError("Another process holds the ledger.", retry_after=1)
    if code == sqlite3.SQLITE_IOERR:
        return FsyncFailed(
            "The disk did not confirm a commit.",
            hint="Stop, check the disk, then start again; acknowledged entries are safe.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return IntegrityError(f"sequencer.db is damaged: {error}.", hint=_VERIFY)
    return BackendError(f"The sequencer failed: {error}.", hint=_VERIFY)


def _conflict(key: str, seq: int) -> ConflictError:
    return ConflictError(
        f"The idempotency key {key!r} already stands for other content, at entry {seq}.",
        code=ErrorCode.IDEMPOTENCY_CONFLICT,
        hint="Use a new key for new content; repeat a key only with the same content.",
        context={"idem": key, "seq": seq},
    )
