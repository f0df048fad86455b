"""One waiver: its document, what is signed, and whether its signatures are enough."""

import base64
import binascii
from collections.abc import Sequence
from typing import cast

from domain.canonical import JsonObject, JsonValue, canonical_bytes, canonical_digest
from domain.errors import ErrorCode, UsageError
from domain.waiver import SIGNED_PREFIX, WAIVER_VERSION, WaiverDocument, WaiverSignature
from governance.approvers import Approvers
from governance.request_reader import object_of, refused, required_text, text_list, text_member
from ledger.signing import Signer, Verifier

_MEMBERS = ("version", "project", "root", "policy", "rule", "runs", "reason", "expires")
MAX_RUNS = 10_000


def waiver_document(body: JsonValue) -> WaiverDocument:
    """The document in ``body``; ``UsageError`` (INVALID_ARGUMENT) unless it is a whole waiver."""
    fields = object_of(body, "the waiver", _MEMBERS)
    if fields.get("version") != WAIVER_VERSION:
        raise refused(f"'version' of the waiver must be {WAIVER_VERSION}")
    expires = fields.get("expires")
    if isinstance(expires, bool) or not isinstance(expires, int) or not 0 < expires < 2**53:
        raise refused("'expires' must be milliseconds since the epoch")
    document: WaiverDocument = {
        "version": WAIVER_VERSION,
        "project": required_text(fields, "project", limit=250),
        "reason": required_text(fields, "reason", limit=2_000),
        "expires": expires,
    }
    root = text_member(fields, "root", limit=1_000)
    policy, rule = (text_member(fields, name, limit=100) for name in ("policy", "rule"))
    runs = text_list(fields, "runs", most=MAX_RUNS, limit=250)
    if root is not None and not (policy or rule or runs):
        document["root"] = root
    elif root is None and policy and rule and runs:
        document["policy"], document["rule"], document["runs"] = policy, rule, list(runs)
    else:
        raise refused(
            "a waiver lifts either one 'root', or one 'rule' of a 'policy' for its 'runs'"
        )
    return document


def waiver_id(document: WaiverDocument) -> str:
    """``sha256:`` of the canonical document."""
    return canonical_digest(cast("JsonObject", document))


def signed_bytes(document: WaiverDocument) -> bytes:
    """What a signature is made over."""
    return SIGNED_PREFIX + canonical_bytes(cast("JsonObject", document))


def sign_waiver(document: WaiverDocument, signer: Signer) -> WaiverSignature:
    """The signature of one approver."""
    signature = signer.sign(signed_bytes(document))
    return {"key": signer.verifier.vkey, "signature": base64.b64encode(signature).decode("ascii")}


def check_signatures(
    document: WaiverDocument, signatures: Sequence[WaiverSignature], people: Approvers
) -> tuple[str, ...]:
    """The names of those who signed, ordered.

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
        if verifier is None or not _verifies(verifier, document, item["signature"]):
            raise UsageError(
                f"The signature of {_name(item)!r} is not one of an approver over this waiver.",
                code=ErrorCode.SIGNATURE_INVALID,
                hint="Sign the very document that is submitted, with a key of `approver list`.",
            )
        names.add(verifier.name)
    if len(names) < max(people.threshold, 1):
        raise UsageError(
            f"{len(names)} approvers signed, {people.threshold} of {len(people.keys)} must.",
            code=ErrorCode.SIGNATURES_MISSING,
            hint="Have more approvers sign with `lineproof waiver sign`.",
        )
    return tuple(sorted(names))


def _verifies(verifier: Verifier, document: WaiverDocument, signature: str) -> bool:
    try:
        data = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return verifier.verifies(signed_bytes(document), data)


def _name(item: WaiverSignature) -> str:
    return item["key"].partition("+")[0][:64]
