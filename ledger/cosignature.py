"""Cosignatures: a witness's word that a log only grew. https://c2sp.org/tlog-cosignature

A line of a signed note whose signature is ``u64 time || Ed25519(message)``, over ::

    cosignature/v1
    time <seconds since the epoch>
    <the checkpoint's body>
"""

from collections.abc import Sequence

from ledger import note
from ledger.signing import Signer, Verifier

_TIME_BYTES = 8
_MAX_TIME = 2**63 - 1


def cosign(body: str, witness: Signer, at_seconds: int) -> str:
    """The cosignature line of a checkpoint's body."""
    signature = witness.sign(_message(body, at_seconds))
    stamped = at_seconds.to_bytes(_TIME_BYTES, "big") + signature
    return note.signature_line(witness.verifier.name, witness.verifier.key_id, stamped)


def cosignatures(text: str, witnesses: Sequence[Verifier]) -> dict[Verifier, str]:
    """The valid cosignature line of each of ``witnesses`` that has one in the note.

    Lines of others, and lines that do not verify, count for nothing. ``IntegrityError``
    (CHECKPOINT_INVALID) when the note is malformed.
    """
    body, lines = note.split_note(text)
    known = {(witness.name, witness.key_id): witness for witness in witnesses}
    found: dict[Verifier, str] = {}
    for line in lines:
        name, signature = note.parse_signature(line)
        witness = known.get((name, signature[:4]))
        if witness is not None and _verifies(witness, body, signature[4:]):
            found[witness] = f"{line}\n"
    return found


def _verifies(witness: Verifier, body: str, stamped: bytes) -> bool:
    at_seconds = int.from_bytes(stamped[:_TIME_BYTES], "big")
    if len(stamped) != _TIME_BYTES + 64 or at_seconds > _MAX_TIME:
        return False
    return witness.verifies(_message(body, at_seconds), stamped[_TIME_BYTES:])


def _message(body: str, at_seconds: int) -> bytes:
    return f"cosignature/v1\ntime {at_seconds}\n{body}".encode()
