"""One file that proves a story without the server: entries, payloads, proofs, checkpoint, key.

Checking it needs nothing but the file and a pinned key:

1. the checkpoint is signed by the key, for its origin;
2. every entry's leaf hash leads to the checkpoint's root along its inclusion path;
3. every payload that stands beside its entry has the digest that the entry names.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.canonical import JsonObject, JsonValue, canonical_bytes, sha256_text
from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger import merkle
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.entry import Entry, decode
from ledger.log import Log
from ledger.signing import parse_vkey

FORMAT: Final = "lineproof.audit/1"


@dataclass(frozen=True, slots=True)
class AuditBundle:
    """A bundle whose every part was verified."""

    subject: str
    checkpoint: Checkpoint
    entries: tuple[Entry, ...]
    """By leaf index."""
    paths: tuple[tuple[str, ...], ...]
    """The inclusion path of each entry, base64."""


def audit_bundle(log: Log, subject: str, seqs: Iterable[int]) -> JsonObject:
    """The bundle over these entries, proven against the checkpoint of everything there is now."""
    checkpoint = log.publish()
    lines: list[JsonValue] = []
    for seq in seqs:
        for entry in log.read(seq, seq + 1):
            path = log.inclusion_proof(seq, checkpoint.size)
            line: dict[str, JsonValue] = {
                "leafIndex": seq,
                "entry": entry.data.decode("utf-8"),
                "inclusion": [base64.b64encode(node).decode("ascii") for node in path],
            }
            if b'"payload_digest":' in entry.data:
                line["payload"] = entry.payload
            lines.append(line)
    return {
        "format": FORMAT,
        "subject": subject,
        "checkpoint": checkpoint.text,
        "key": log.vkey,
        "lines": lines,
    }


def verified_bundle(bundle: JsonObject, vkey: str) -> AuditBundle:
    """The bundle, after checking all of it with a pinned key.

    Raises ``IntegrityError`` (CHECKPOINT_INVALID, PROOF_INVALID), ``UsageError`` (MALFORMED) for a
    file that is no bundle.
    """
    lines, checkpoint_text = bundle.get("lines"), bundle.get("checkpoint")
    if bundle.get("format") != FORMAT or not isinstance(checkpoint_text, str):
        raise _malformed()
    if isinstance(lines, str) or not isinstance(lines, Sequence):
        raise _malformed()
    verifier = parse_vkey(vkey)
    checkpoint = open_checkpoint(checkpoint_text, [verifier], verifier.name)
    entries = [_verified(line, checkpoint) for line in lines]
    if [entry.seq for entry in entries] != sorted({entry.seq for entry in entries}):
        raise _not_so("its lines do not stand in the order of the ledger")
    return AuditBundle(
        str(bundle.get("subject")), checkpoint, tuple(entries), tuple(_path(line) for line in lines)
    )


def _path(line: JsonValue) -> tuple[str, ...]:
    """The inclusion path as text, of a line that was verified."""
    inclusion = line.get("inclusion") if isinstance(line, Mapping) else ()
    return tuple(str(step) for step in inclusion) if isinstance(inclusion, Sequence) else ()


def _verified(line: JsonValue, checkpoint: Checkpoint) -> Entry:
    if not isinstance(line, Mapping):
        raise _malformed()
    index, text, inclusion = line.get("leafIndex"), line.get("entry"), line.get("inclusion")
    if not isinstance(index, int) or not isinstance(text, str):
        raise _malformed()
    if isinstance(inclusion, str) or not isinstance(inclusion, Sequence):
        raise _malformed()
    data = text.encode("utf-8")
    path = [_node(step) for step in inclusion]
    merkle.verify_inclusion(index, checkpoint.size, merkle.leaf_hash(data), path, checkpoint.root)

    def payload(digest: str) -> bytes:
        found = canonical_bytes(line.get("payload"))
        if sha256_text(found) != digest:
            raise _not_so(f"the payload of entry {index} is not the recorded one")
        return found

    return decode(index, data, payload)


def _node(step: JsonValue) -> bytes:
    try:
        return base64.b64decode(str(step), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _not_so("a proof in it is not base64") from error


def _malformed() -> UsageError:
    return UsageError(
        "The file is no audit bundle.",
        code=ErrorCode.MALFORMED,
        hint="Make one with `lineproof audit bundle SUBJECT > audit.json`.",
    )


def _not_so(why: str) -> IntegrityError:
    return IntegrityError(
        f"The audit bundle does not hold: {why}.",
        code=ErrorCode.PROOF_INVALID,
        hint="Do not rely on it; ask the ledger itself.",
    )
