"""Proof files that anyone can check offline. https://c2sp.org/tlog-proof

::

    c2sp.org/tlog-proof@v1
    extra <base64>                 optional, not authenticated
    index <seq>
    <base64 of each hash of the inclusion path, the leaf's sibling first>

    <the signed checkpoint, verbatim>
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import ErrorCode, IntegrityError
from ledger import merkle
from ledger.checkpoint import Checkpoint
from ledger.manifest import pinned_manifest
from ledger.merkle import HASH_SIZE
from ledger.note import decode_base64

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile("index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A parsed proof file; nothing in it is verified yet."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


def format_proof(
    index: int, path: Sequence[bytes], checkpoint: str, *, extra: bytes | None = None
) -> str:
    """The text of a ``.tlog-proof`` file."""
    lines = [HEADER]
    if extra is not None:
        lines.append("extra " + base64.b64encode(extra).decode())
    lines.append(f"index {index}")
    lines += [base64.b64encode(node).decode() for node in path]
    return "\n".join(lines) + "\n\n" + checkpoint


def parse_proof(text: str) -> TlogProof:
    """The proof in ``text``; ``IntegrityError`` (PROOF_INVALID) when it is malformed."""
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != HEADER:
        raise _malformed(f"it does not start with {HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
        if extra is None:
            raise _malformed("its extra data is not base64")
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None:
        raise _malformed("it names no index")
    return TlogProof(int(index[1]), tuple(_node(line) for line in lines), checkpoint, extra)


def verify_proof(
    text: str, entry: bytes, vkey: str, *, origin: str | None = None, keys: bytes | None = None
) -> Checkpoint:
    """The checkpoint that proves ``entry`` (its recorded bytes), with nothing but a pinned key.

    1. parse the file; 2. verify the checkpoint's signature with ``vkey``, or a key that it leads to
    in ``keys`` (the log's ``ledger.toml``), and its origin (by default the key's name); 3. fold the
    leaf hash along the path to the checkpoint's root.
    Raises ``IntegrityError``: PROOF_INVALID or CHECKPOINT_INVALID.
    """
    # 1
    proof = parse_proof(text)
    # 2
    checkpoint = pinned_manifest(keys, vkey, origin).open(proof.checkpoint)
    # 3
    leaf = merkle.leaf_hash(entry)
    merkle.verify_inclusion(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root)
    return checkpoint


def _node(line: str) -> bytes:
    node = decode_base64(line)
    if node is None or len(node) != HASH_SIZE:
        raise _malformed("a line of its path is not a SHA-256 in base64")
    return node


def _malformed(why: str) -> IntegrityError:
    return IntegrityError(
        f"This is not a proof: {why}.",
        code=ErrorCode.PROOF_INVALID,
        hint="A proof is a text file as c2sp.org/tlog-proof describes it.",
    )
