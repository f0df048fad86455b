"""A tree head: what a checkpoint states, apart from who signed it. https://c2sp.org/tlog-checkpoint

No cryptography here: a client that remembers tree heads and compares them needs hashes only.
"""

import base64
import re
from dataclasses import dataclass

from ledger import note
from ledger.merkle import HASH_SIZE
from ledger.note import bad_note, decode_base64

SIZE = re.compile("0|[1-9][0-9]{0,18}")
"""A tree's size: plain decimal, no leading zero."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The size and root of a named log."""

    origin: str
    size: int
    root: bytes


def format_tree_head(head: TreeHead) -> str:
    """The body of a checkpoint."""
    return f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"


def parse_tree_head(body: str) -> TreeHead:
    """The tree head in a checkpoint's body; ``IntegrityError`` (CHECKPOINT_INVALID)."""
    lines = body.split("\n")
    if len(lines) < 4 or not all(lines[:-1]):
        raise bad_note("it has fewer than three lines, or an empty one")
    if not SIZE.fullmatch(lines[1]):
        raise bad_note("its size is not a plain decimal number")
    root = decode_base64(lines[2])
    if root is None or len(root) != HASH_SIZE:
        raise bad_note("its root is not a SHA-256 in base64")
    return TreeHead(lines[0], int(lines[1]), root)


def unverified_tree_head(text: str) -> TreeHead:
    """The tree head that a signed note states; nobody has looked at its signatures."""
    return parse_tree_head(note.split_note(text)[0])
