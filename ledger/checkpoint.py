"""Checkpoints: signed statements of a tree's size and root. https://c2sp.org/tlog-checkpoint"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import ErrorCode, IntegrityError
from ledger.merkle import HASH_SIZE
from ledger.signing import Signer, Verifier, decode_base64, open_note

_SIZE = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head whose signature was made or verified by us."""

    origin: str
    size: int
    root: bytes
    text: str
    """The whole signed note."""


def sign_checkpoint(origin: str, size: int, root: bytes, signer: Signer) -> Checkpoint:
    """The checkpoint of a tree, signed. Ed25519 is deterministic: same inputs, same text."""
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    return Checkpoint(origin, size, root, signer.sign_note(body))


def open_checkpoint(text: str, verifiers: Sequence[Verifier], origin: str) -> Checkpoint:
    """The checkpoint in ``text``, its signature and origin verified.

    Raises ``IntegrityError`` (CHECKPOINT_INVALID).
    """
    lines = open_note(text, verifiers).split("\n")
    if len(lines) < 4 or not all(lines[:-1]):
        raise _invalid("it has fewer than three lines, or an empty one")
    if lines[0] != origin:
        raise _invalid(f"it is of the log {lines[0]!r}, not of {origin!r}")
    if not _SIZE.fullmatch(lines[1]):
        raise _invalid("its size is not a plain decimal number")
    root = decode_base64(lines[2])
    if root is None or len(root) != HASH_SIZE:
        raise _invalid("its root is not a SHA-256 in base64")
    return Checkpoint(lines[0], int(lines[1]), root, text)


def _invalid(why: str) -> IntegrityError:
    return IntegrityError(
        f"The checkpoint cannot be trusted: {why}.",
        code=ErrorCode.CHECKPOINT_INVALID,
        hint="Do not use this ledger before you know who changed it.",
    )
