"""The delta index in one SQLite file: groups with their keys, and which run stood in which, when.

Groups and keys follow from what they are made of and never change; membership holds over ledger
positions [seq, until), so a past state is a filter. The file is a projection: delete it and it is
rebuilt.
"""

import sqlite3
import threading
from collections.abc import Callable, Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast

from analytics.delta_index.run_state import ArtifactState, RunState, state_of
from analytics.delta_index.slots import GroupKeys, group_keys
from analytics.facts import RunFacts
from analytics.groups import group_key
from domain.errors import BackendError, StaleError
from domain.facet import DEFAULT_REPLICATE_KEYS
from graph.model import (
    AddEdge,
    AddNode,
    Mutation,
    NodeKind,
    SetAttribute,
    UnsetAttribute,
    entity_id,
)
from graph.projector import PROJECTOR_VERSION, mutations
from ledger.entry import Entry
from ledger.projection import Cursor

SCHEMA_VERSION: Final = 2
_VERSION: Final = SCHEMA_VERSION * 1_000_000 + PROJECTOR_VERSION
_NOW: Final = 2**62
_HASH_BYTES: Final = 32
_BUSY_SECONDS: Final = 10.0
_REMEMBERED: Final = 4

_T = TypeVar("_T")

_TABLES: Final = (
    "CREATE TABLE cursor (size INTEGER NOT NULL, edge BLOB NOT NULL) STRICT",
    "INSERT INTO cursor VALUES (0, x'')",
    "CREATE TABLE run (id TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE artifact (id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
        algorithm TEXT NOT NULL, digest TEXT NOT NULL, strength TEXT NOT NULL)
        STRICT, WITHOUT ROWID""",
    """CREATE TABLE run_group (id INTEGER PRIMARY KEY, project TEXT NOT NULL,
        fingerprint TEXT NOT NULL UNIQUE, whole BLOB NOT NULL) STRICT""",
    "CREATE INDEX run_group_whole ON run_group (whole)",
    """CREATE TABLE slot (project TEXT NOT NULL, slot TEXT NOT NULL, rest BLOB NOT NULL,
        value BLOB NOT NULL, run_group INTEGER NOT NULL,
        PRIMARY KEY (project, slot, rest, value, run_group)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX slot_value ON slot (project, slot, value, rest, run_group)",
    "CREATE INDEX slot_rest ON slot (rest, slot, run_group)",
    "CREATE INDEX slot_group ON slot (run_group, slot, value, rest)",
    """CREATE TABLE member (run TEXT NOT NULL, seq INTEGER NOT NULL, until INTEGER,
        run_group INTEGER NOT NULL, first INTEGER NOT NULL,
        PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX member_group ON member (run_group, first, run, seq, until)",
    "CREATE INDEX member_seq ON member (seq)",
    "CREATE INDEX member_until ON member (until) WHERE until IS NOT NULL",
)
_DROP: Final = ("cursor", "run", "artifact", "run_group", "slot", "member")

_LAST_MOVE: Final = """
    SELECT max((SELECT ifnull(max(seq), -1) FROM member WHERE seq < :as_of),
               (SELECT ifnull(max(until), -1) FROM member WHERE until < :as_of))
"""
"""The last entry before a position that moved any run into or out of a group."""

Row: TypeAlias = tuple[object, ...]


class DeltaIndexFile:
    """A ``Projection`` in the file ``path``, made when it is not there; in memory without one.

    Thread-safe. Raises ``BackendError`` when the file cannot be opened.
    """

    name = "deltas"

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._remembered: dict[Hashable, object] = {}
        with _translated():
            self._db = sqlite3.connect(
                path or ":memory:",
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            with self._writing():
                if self._db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                    self._recreate()

    def cursor(self) -> Cursor:
        with self._lock, _translated():
            return self._cursor()

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        with self._writing():
            stands = self._cursor()
            if stands != old:
                raise StaleError(
                    f"The delta index stands at {stands.size}, not at {old.size}.",
                    hint="Read the cursor and catch up from there.",
                )
            writer = _Writer(self._db)
            for entry in entries:
                writer.take(mutations(entry), entry.seq)
            writer.flush()
            self._db.execute("UPDATE cursor SET size = ?, edge = ?", (new.size, b"".join(new.edge)))

    def reset(self) -> None:
        with self._writing():
            self._recreate()

    def rows(self, sql: str, parameters: Mapping[str, object]) -> list[Row]:
        """The rows of a query; ``:as_of`` may be None for everything applied."""
        known = {**parameters, "as_of": _position(parameters.get("as_of"))}
        with self._lock, _translated():
            return self._db.execute(sql, known).fetchall()

    def remembered(self, key: Hashable, as_of: int | None, make: Callable[[], _T]) -> _T:
        """What ``make`` finds at a position that is applied, and that nothing therefore changes.

        The latest few answers are kept, so that the pages of one answer cost one search, and so do
        positions between which no run came into a group or left it.
        """
        if as_of is None or as_of > self.cursor().size:
            return make()
        with self._lock, _translated():
            (moved,) = self._db.execute(_LAST_MOVE, {"as_of": as_of}).fetchone()
            known = (key, moved)
            found = self._remembered.pop(known) if known in self._remembered else make()
            self._remembered[known] = found
            while len(self._remembered) > _REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        return cast("_T", found)

    def dump(self) -> Iterator[str]:
        """Everything that queries can see, as text lines without surrogate keys, ordered."""
        yield from sorted(
            repr(row)
            for table in (
                "SELECT 'member', m.run, m.seq, m.until, m.first, g.fingerprint"
                " FROM member m JOIN run_group g ON g.id = m.run_group",
                "SELECT 'slot', s.project, s.slot, hex(s.rest), hex(s.value), g.fingerprint"
                " FROM slot s JOIN run_group g ON g.id = s.run_group",
                "SELECT 'group', project, fingerprint, hex(whole), '' FROM run_group",
            )
            for row in self.rows(table, {})
        )

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()

    def _cursor(self) -> Cursor:
        size, edge = self._db.execute("SELECT size, edge FROM cursor").fetchone()
        parts = range(0, len(edge), _HASH_BYTES)
        return Cursor(size, tuple(edge[at : at + _HASH_BYTES] for at in parts))

    def _recreate(self) -> None:
        self._remembered.clear()
        for table in _DROP:
            self._db.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES:
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _writing(self) -> Generator[None]:
        with self._lock, _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise


class _Writer:
    """Folds the entries of one batch; what it touched is written at its end."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._runs: dict[str, RunState] = {}
        self._changed: set[str] = set()
        self._artifacts: dict[str, ArtifactState] = {}
        self._groups: dict[Hashable, int] = {}

    def take(self, said: Sequence[Mutation], seq: int) -> None:
        moved: dict[str, RunState] = {}
        artifacts: dict[str, dict[str, str]] = {}
        for mutation in said:
            node = mutation.id if isinstance(mutation, AddNode) else _subject(mutation)
            if node.startswith("artifact:"):
                if isinstance(mutation, SetAttribute):
                    artifacts.setdefault(node, {})[mutation.name] = str(mutation.value)
            elif node.startswith("run:"):
                state = self._run(node, mutation, seq)
                if state is not None and state.take(mutation):
                    moved[node] = state
                    self._changed.add(node)
        for node, attributes in artifacts.items():
            self._identify(node, attributes)
        for node, state in moved.items():
            self._place(entity_id(node), state, seq)

    def flush(self) -> None:
        """Write the states that changed."""
        self._db.executemany(
            "INSERT INTO run VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
            [(node, self._runs[node].text()) for node in sorted(self._changed)],
        )

    def _run(self, node: str, mutation: Mutation, seq: int) -> RunState | None:
        """The run's state; None when the mutation is about a run that was never added."""
        if node not in self._runs:
            row = self._db.execute("SELECT state FROM run WHERE id = ?", (node,)).fetchone()
            if row is not None:
                self._runs[node] = state_of(row[0])
            elif isinstance(mutation, AddNode) and mutation.kind is NodeKind.RUN:
                self._runs[node] = RunState(mutation.project, seq)
                self._changed.add(node)
        return self._runs.get(node)

    def _identify(self, node: str, attributes: dict[str, str]) -> None:
        """The first word on a version stands: what identifies it follows from its id."""
        if self._artifact(node) is None:
            names = ("kind", "name", "algorithm", "digest", "strength")
            artifact = ArtifactState(*(attributes.get(name, "") for name in names))
            values = (node, *(attributes.get(name, "") for name in names))
            self._db.execute("INSERT INTO artifact VALUES (?, ?, ?, ?, ?, ?)", values)
            self._artifacts[node] = artifact

    def _artifact(self, node: str) -> ArtifactState | None:
        if node not in self._artifacts:
            row = self._db.execute(
                "SELECT kind, name, algorithm, digest, strength FROM artifact WHERE id = ?",
                (node,),
            ).fetchone()
            if row is None:
                return None
            self._artifacts[node] = ArtifactState(*row)
        return self._artifacts[node]

    def _place(self, run_id: str, state: RunState, seq: int) -> None:
        """Move the run to the group that its state now says, if that is another one."""
        group = None
        if state.counted:
            artifacts = {node: self._artifact(node) for _, _, node in state.uses}
            known = {node: found or ArtifactState() for node, found in artifacts.items()}
            group = self._group(state.facts(run_id, known))
        row = self._db.execute(
            "SELECT seq, run_group FROM member WHERE run = ? AND until IS NULL", (run_id,)
        ).fetchone()
        if row is not None and row[1] == group:
            return
        if row is not None:
            self._db.execute(
                "UPDATE member SET until = ? WHERE run = ? AND seq = ?", (seq, run_id, row[0])
            )
        if group is not None:
            self._db.execute(
                "INSERT INTO member VALUES (?, ?, NULL, ?, ?)", (run_id, seq, group, state.seq)
            )

    def _group(self, facts: RunFacts) -> int:
        """The group's row, made with its keys when it is new."""
        known = group_key(facts, DEFAULT_REPLICATE_KEYS)  # Cheaper than the digests of its facets.
        if known not in self._groups:
            keys = group_keys(facts)
            row = self._db.execute(
                "SELECT id FROM run_group WHERE fingerprint = ?", (keys.fingerprint,)
            ).fetchone()
            self._groups[known] = self._new_group(keys) if row is None else row[0]
        return self._groups[known]

    def _new_group(self, keys: GroupKeys) -> int:
        made = self._db.execute(
            "INSERT INTO run_group (project, fingerprint, whole) VALUES (?, ?, ?)",
            (keys.project, keys.fingerprint, keys.whole),
        )
        group = int(made.lastrowid or 0)
        self._db.executemany(
            "INSERT INTO slot VALUES (?, ?, ?, ?, ?)",
            [
                (keys.project, slot, rest, value, group)
                for slot, (value, rest) in keys.slots.items()
            ],
        )
        return group


def _subject(mutation: SetAttribute | UnsetAttribute | AddEdge) -> str:
    return mutation.source if isinstance(mutation, AddEdge) else mutation.node


def _position(as_of: object) -> int:
    return as_of if isinstance(as_of, int) else _NOW


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackendError(
            f"The delta index cannot be used: {error}.",
            hint="Check the disk; the file is a projection and may be deleted and rebuilt.",
        ) from error
