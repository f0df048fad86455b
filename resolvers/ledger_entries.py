"""Reading the ledger: entries by position, and the roots of its trees."""

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.errors import NotFoundError, UsageError
from ledger import merkle
from ledger.entry import Entry, content_of
from ledger.log import Log

MAX_TYPES = 50
"""Types of entries that may be asked for at once."""
_PAGE_ENTRIES = 64
"""Of at most 16 KiB each; a larger payload, which may have megabytes, ends its page."""
_PAGE_READ = 1_024
"""Entries that are looked at for one page, wanted or not."""
_TYPE = re.compile(r"[a-z_]{1,64}\.[a-z_]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries of one project, in order."""

    entries: tuple[Entry, ...]
    position: int
    """Where the next page begins: everything before it was looked at."""


def checked_types(types: Sequence[str]) -> frozenset[str]:
    """``types`` as a set; ``UsageError`` when there are none, too many, or one that is no type."""
    if not 0 < len(types) <= MAX_TYPES:
        raise UsageError(
            f"From 1 to {MAX_TYPES} types of entries may be asked for, {len(types)} were.",
            hint="Leave them out to get entries of every type.",
        )
    for each in types:
        if not _TYPE.fullmatch(each):
            raise UsageError(
                f"{each[:60]!r} is no type of ledger entry.",
                hint="A type is noun.past_verb, for example verdict.recorded.",
            )
    return frozenset(types)


def page(
    log: Log, start: int, stop: int, *, project: str, types: Collection[str] | None
) -> EntryPage:
    """The project's entries in [start, stop), as many as a page holds; of ``types``, or of all."""
    stop = min(stop, start + _PAGE_READ)
    entries: list[Entry] = []
    for entry in log.read(start, stop):
        if entry.project == project and (types is None or entry.type in types):
            entries.append(entry)
            if len(entries) == _PAGE_ENTRIES or _has_blob(entry):
                return EntryPage(tuple(entries), entry.seq + 1)
    return EntryPage(tuple(entries), stop)


def _has_blob(entry: Entry) -> bool:
    """Whether the payload was too large to stand in the entry."""
    return content_of(entry.data)[1] is not None


def one(log: Log, seq: int, *, project: str, as_of: int) -> Entry:
    """The entry at ``seq``; ``NotFoundError`` beyond ``as_of`` or when it is another project's."""
    if 0 <= seq < as_of:
        for entry in log.read(seq, seq + 1):
            if entry.project == project:
                return entry
    raise NotFoundError(
        f"There is no ledger entry {seq} in this project.",
        hint="Send a leafIndex that you were given.",
    )


def leaf_hash(entry: Entry) -> str:
    """The RFC 9162 leaf hash of the entry, base64."""
    return _base64(merkle.leaf_hash(entry.data))


def root_hash(log: Log, size: int) -> str:
    """The root of the tree over the first ``size`` committed entries, base64."""
    head = log.head()
    if size == head.size:
        return _base64(merkle.root(head.edge))
    if size == 0:
        return _base64(merkle.EMPTY_ROOT)
    (last,) = log.read(size - 1, size)
    node = merkle.leaf_hash(last.data)
    # Every sibling on the way up from the last leaf stands to its left.
    for sibling in log.inclusion_proof(size - 1, size):
        node = merkle.node_hash(sibling, node)
    return _base64(node)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
