"""A ledger cursor as Delta transaction identifiers, so that it moves in the commit of the rows.

Delta keeps the latest ``version`` (a signed 64-bit integer) per application id in every snapshot,
through checkpoints, log clean-up and compaction (Delta protocol, "Transaction Identifiers"). The
size is the version of one id. The edge's hashes, one for each bit that is set in the size (RFC
9162's compact range), are four 64-bit words each under ids of their own: ``…/edge/<bit>/<word>``.
Words of bits that are no longer set are left behind and never read.
"""

from collections.abc import Callable

from domain.errors import IntegrityError
from ledger.projection import Cursor

APPLICATION = "lineproof.metrics"
"""Application id whose version is the cursor's size."""
_WORDS = 4
_WORD_BYTES = 8


def to_transactions(cursor: Cursor) -> list[tuple[str, int]]:
    """``(application id, version)`` pairs that hold ``cursor``."""
    pairs = [(APPLICATION, cursor.size)]
    for bit, node in zip(_bits(cursor.size), cursor.edge, strict=True):
        for word in range(_WORDS):
            chunk = node[word * _WORD_BYTES : (word + 1) * _WORD_BYTES]
            pairs.append((_edge_id(bit, word), int.from_bytes(chunk, "big", signed=True)))
    return pairs


def from_transactions(version_of: Callable[[str], int | None]) -> Cursor:
    """The cursor that a snapshot holds; empty when it holds none.

    ``version_of`` gives an application id's version. Raises ``IntegrityError`` when a part of the
    edge is missing.
    """
    size = version_of(APPLICATION)
    if not size:
        return Cursor()
    return Cursor(size, tuple(_node(version_of, bit) for bit in _bits(size)))


def _node(version_of: Callable[[str], int | None], bit: int) -> bytes:
    words: list[bytes] = []
    for word in range(_WORDS):
        value = version_of(_edge_id(bit, word))
        if value is None:
            raise IntegrityError(
                "A metric table's cursor has lost a part of its edge.",
                hint="Delete the folder of the metric tables; they are rebuilt from the ledger.",
                context={"bit": bit},
            )
        words.append(value.to_bytes(_WORD_BYTES, "big", signed=True))
    return b"".join(words)


def _bits(size: int) -> list[int]:
    """Positions of the set bits, highest first: the heights of the edge's subtrees."""
    return [bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def _edge_id(bit: int, word: int) -> str:
    return f"{APPLICATION}/edge/{bit}/{word}"
