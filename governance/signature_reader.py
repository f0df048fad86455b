"""Detached signatures in a request's JSON."""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from domain.approver import Signature
from domain.canonical import JsonValue
from governance.request_reader import object_of, refused, required_text

MAX_SIGNATURES: Final = 100


def signature_list(value: JsonValue) -> list[Signature]:
    """The list; nothing for null. ``UsageError`` (INVALID_ARGUMENT) for anything else."""
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > MAX_SIGNATURES:
        raise refused(f"'signatures' must be a list of at most {MAX_SIGNATURES}")
    return [_signature(item) for item in value]


def _signature(value: JsonValue) -> Signature:
    fields = object_of(value, "a signature", ("key", "signature"))
    key = required_text(fields, "key", limit=500)
    signature = required_text(fields, "signature", limit=200)
    try:
        base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise refused("'signature' must be base64") from None
    return {"key": key, "signature": signature}
