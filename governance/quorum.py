"""Whether enough of the right people signed some bytes."""

import base64
import binascii
from collections.abc import Sequence

from domain.approver import Signature
from domain.errors import ErrorCode, UsageError
from governance.approvers import Approvers
from ledger.signing import Signer, Verifier


def sign_bytes(message: bytes, signer: Signer) -> Signature:
    """The signature of one person."""
    signature = signer.sign(message)
    return {"key": signer.verifier.vkey, "signature": base64.b64encode(signature).decode("ascii")}


def signed_by(
    message: bytes, signatures: Sequence[Signature], people: Approvers, *, what: str
) -> tuple[str, ...]:
    """The names of the approvers who signed, ordered; ``what`` is a noun for people.

    Raises ``UsageError``: SIGNATURE_REVOKED for a revoked key, SIGNATURE_INVALID for a signature
    that is wrong or of a stranger, SIGNATURES_MISSING when fewer than the threshold signed.
    """
    names: set[str] = set()
    for item in signatures:
        if any(key.vkey == item["key"] for key in people.revoked):
            raise UsageError(
                f"The key {_name(item)!r} was revoked.",
                code=ErrorCode.SIGNATURE_REVOKED,
                hint="Have somebody sign whose key is in force.",
            )
        verifier = next((key for key in people.keys if key.vkey == item["key"]), None)
        if verifier is None or not _verifies(verifier, message, item["signature"]):
            raise UsageError(
                f"The signature of {_name(item)!r} is not one of an approver over this {what}.",
                code=ErrorCode.SIGNATURE_INVALID,
                hint="Sign the very document that is submitted, with a key of `approver list`.",
            )
        names.add(verifier.name)
    if len(names) < max(people.threshold, 1):
        raise UsageError(
            f"{len(names)} approvers signed, {people.threshold} of {len(people.keys)} must.",
            code=ErrorCode.SIGNATURES_MISSING,
            hint=f"Have more approvers sign the {what}.",
        )
    return tuple(sorted(names))


def _verifies(verifier: Verifier, message: bytes, signature: str) -> bool:
    try:
        data = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return verifier.verifies(message, data)


def _name(item: Signature) -> str:
    return item["key"].partition("+")[0][:64]
