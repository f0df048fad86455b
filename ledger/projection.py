"""Projections: everything that is derived from the ledger and may be deleted.

A projection's rows and its cursor move in one transaction, by compare-and-swap on the old cursor;
``catch_up`` is the only caller of ``apply``. The cursor holds the Merkle compact range of what was
applied, so its root can be held against the signed checkpoint.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from domain.errors import ErrorCode, IntegrityError, StaleError
from ledger import merkle
from ledger.entry import Entry

_logger = structlog.get_logger()

BATCH = 1_000
"""Entries applied in one transaction."""
ATTEMPTS = 64
"""How often another process may move the cursor first before we give up."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a projection has come.

    ``size`` entries are applied; ``edge`` holds the roots of the perfect subtrees (largest first)
    that cover them, 32 bytes each: the compact range of RFC 9162's tree. Size 0 has no edge.
    """

    size: int = 0
    edge: tuple[bytes, ...] = ()


class Projection(Protocol):
    """A store that is a function of the ledger's prefix."""

    @property
    def name(self) -> str:
        """Stable name, used in logs and as the cursor's key."""
        ...

    def cursor(self) -> Cursor:
        """Where the store stands, read from the store itself."""
        ...

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        """Apply ``entries`` [old.size, new.size) and move the cursor in one transaction.

        Raises ``StaleError`` when the store's cursor is not ``old``: somebody else moved it;
        nothing was changed.
        """
        ...

    def reset(self) -> None:
        """Forget everything: back to an empty store with an empty cursor."""
        ...


class LedgerReader(Protocol):
    """What catching up needs of a ledger; ``ledger.log.Log`` is one."""

    def head(self) -> Cursor:
        """Size and edge of everything committed."""
        ...

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """Leaf hashes of the committed entries in [start, stop), from the entries' bytes."""
        ...

    def read(self, start: int, stop: int) -> Iterator[Entry]:
        """The committed entries in [start, stop)."""
        ...


def catch_up(log: LedgerReader, projection: Projection, *, upto: int | None = None) -> Cursor:
    """Apply what the ledger has beyond the cursor, up to position ``upto`` (default all of it).

    Checked before anything is applied: folding the entries from the cursor's edge must give the
    ledger's committed edge. Raises ``IntegrityError``: LEDGER_ROLLED_BACK when the ledger is
    shorter than the cursor, LEDGER_TAMPERED when it is another ledger; ``StaleError`` when other
    processes keep moving the cursor. Returns where the store stands now.
    """
    start = cursor = projection.cursor()
    head = log.head()
    if cursor == head:
        return cursor
    target = _target(log, cursor, head, head.size if upto is None else min(upto, head.size))
    lost = 0
    while cursor.size < target.size:
        try:
            cursor = _apply_batch(log, projection, cursor, target)
        except StaleError:
            lost += 1
            if lost > ATTEMPTS:
                raise
            cursor = projection.cursor()
    if cursor.size > start.size:
        _logger.debug("projection.caught_up", name=projection.name, size=cursor.size)
    return cursor


def entries_between(log: LedgerReader, cursor: Cursor, head: Cursor) -> list[Entry]:
    """The entries from ``cursor`` up to ``head``, which the log gave; all are held in memory.

    Checked, and refused, as ``catch_up`` does.
    """
    if cursor == head:
        return []
    _require_extension(head, cursor)
    entries = list(log.read(cursor.size, head.size))
    if _fold(cursor, (merkle.leaf_hash(entry.data) for entry in entries)) != head:
        raise _tampered(cursor.size)
    return entries


def rebuild(log: LedgerReader, projection: Projection) -> Cursor:
    """Forget everything and apply the whole ledger again; as ``catch_up`` otherwise."""
    projection.reset()
    return catch_up(log, projection)


def _target(log: LedgerReader, cursor: Cursor, head: Cursor, size: int) -> Cursor:
    """The cursor at ``size``, after proving that the ledger extends ``cursor`` up to its head."""
    _require_extension(head, cursor)
    size = max(size, cursor.size)
    target = _fold(cursor, log.leaves(cursor.size, size))
    if _fold(target, log.leaves(size, head.size)) != head:
        raise _tampered(cursor.size)
    return target


def _apply_batch(
    log: LedgerReader, projection: Projection, cursor: Cursor, target: Cursor
) -> Cursor:
    entries = list(log.read(cursor.size, min(cursor.size + BATCH, target.size)))
    new = _fold(cursor, (merkle.leaf_hash(entry.data) for entry in entries))
    if new.size != min(cursor.size + BATCH, target.size):
        raise _tampered(new.size)
    if new.size == target.size and new != target:
        raise _tampered(cursor.size)
    projection.apply(entries, old=cursor, new=new)
    return new


def _require_extension(head: Cursor, cursor: Cursor) -> None:
    if head.size < cursor.size:
        raise IntegrityError(
            f"The ledger has {head.size} entries, but {cursor.size} were already applied.",
            code=ErrorCode.LEDGER_ROLLED_BACK,
            hint="Restore the newest backup of the ledger, or rebuild the projection on purpose.",
            context={"size": head.size, "applied": cursor.size},
        )


def _fold(cursor: Cursor, leaves: Iterator[bytes]) -> Cursor:
    return Cursor(*merkle.extend(cursor.size, cursor.edge, leaves))


def _tampered(seq: int) -> IntegrityError:
    return IntegrityError(
        f"The ledger from entry {seq} on does not continue what was applied before.",
        code=ErrorCode.LEDGER_TAMPERED,
        hint="Run `lineproof ledger verify`; do not rebuild before you know who changed it.",
        context={"seq": seq},
    )
