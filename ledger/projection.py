"""Projections: everything that is derived from the ledger and may be deleted.

A projection's rows and its cursor move in one transaction, by compare-and-swap on the old cursor;
``catch_up`` is the only caller of ``apply``. The cursor holds the Merkle compact range of what was
applied, so its root can be held against the signed checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.entry import Entry


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
