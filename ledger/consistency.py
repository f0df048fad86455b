"""Consistency proofs as files: that a later tree extends an earlier one, checked offline.

::

    old <size>
    new <size>
    <base64 of each hash of RFC 9162's consistency path>

There is no C2SP form for it; the lines are those of a tlog-witness request. The roots are not in
the file: they come from two signed checkpoints, which is what makes it evidence.
"""

import re
from collections.abc import Sequence

from domain.errors import ErrorCode, IntegrityError
from ledger import merkle
from ledger.checkpoint import Checkpoint
from ledger.merkle import HASH_SIZE
from ledger.note import decode_base64, encode_base64

MAX_PATH = 63
_SIZES = re.compile("old (0|[1-9][0-9]{0,18})\nnew (0|[1-9][0-9]{0,18})\n")


def format_consistency(old: int, new: int, path: Sequence[bytes]) -> str:
    """The text of the file."""
    return f"old {old}\nnew {new}\n{format_path(path)}"


def verify_consistency_file(text: str, old: Checkpoint, new: Checkpoint) -> None:
    """``IntegrityError`` (PROOF_INVALID) unless it leads from one checkpoint to the other."""
    sizes = _SIZES.match(text)
    if sizes is None:
        raise _malformed("it does not begin with the sizes of two trees")
    if (int(sizes[1]), int(sizes[2])) != (old.size, new.size):
        raise _malformed(f"it is about the sizes {sizes[1]} and {sizes[2]}")
    path = parse_path(text[sizes.end() :].splitlines(keepends=True))
    merkle.verify_consistency(old.size, new.size, old.root, new.root, path)


def format_path(path: Sequence[bytes]) -> str:
    """One line for each hash."""
    return "".join(f"{encode_base64(node)}\n" for node in path)


def parse_path(lines: Sequence[str]) -> list[bytes]:
    """The hashes in ``lines``; ``IntegrityError`` (PROOF_INVALID) when one is malformed."""
    if len(lines) > MAX_PATH:
        raise _malformed(f"it has more than {MAX_PATH} hashes")
    nodes: list[bytes] = []
    for line in lines:
        node = decode_base64(line.removesuffix("\n")) if line.endswith("\n") else None
        if node is None or len(node) != HASH_SIZE:
            raise _malformed("a line of its path is not a SHA-256 in base64")
        nodes.append(node)
    return nodes


def _malformed(why: str) -> IntegrityError:
    return IntegrityError(
        f"This does not prove consistency: {why}.",
        code=ErrorCode.PROOF_INVALID,
        hint="Ask for one with `lineproof ledger prove-consistency`.",
    )
