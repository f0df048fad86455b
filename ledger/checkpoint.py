"""Checkpoints: signed statements of a tree's size and root. https://c2sp.org/tlog-checkpoint"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.note import bad_note
from ledger.signing import Signer, Verifier, open_note
from ledger.tree_head import TreeHead, format_tree_head, parse_tree_head


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
    body = format_tree_head(TreeHead(origin, size, root))
    return Checkpoint(origin, size, root, signer.sign_note(body))


@dataclass(frozen=True, slots=True)
class HeadSigner:
    """Signs the tree heads of one log with one key."""

    origin: str
    signer: Signer

    def __call__(self, size: int, root: bytes) -> str:
        """The text of the checkpoint of that tree."""
        return sign_checkpoint(self.origin, size, root, self.signer).text


def open_checkpoint(text: str, verifiers: Sequence[Verifier], origin: str) -> Checkpoint:
    """The checkpoint in ``text``, its signature and origin verified.

    Raises ``IntegrityError`` (CHECKPOINT_INVALID).
    """
    head = parse_tree_head(open_note(text, verifiers))
    if head.origin != origin:
        raise bad_note(f"it is of the log {head.origin!r}, not of {origin!r}")
    return Checkpoint(head.origin, head.size, head.root, text)
