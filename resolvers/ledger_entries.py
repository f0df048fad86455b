"""Reading the ledger: entries by position, and the roots of its trees."""

import base64

from domain.errors import NotFoundError
from ledger import merkle
from ledger.entry import Entry
from ledger.log import Log


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
