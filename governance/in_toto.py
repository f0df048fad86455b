"""in-toto statements in DSSE envelopes: made over files, and read from strangers.

https://in-toto.io/Statement/v1, https://github.com/secure-systems-lab/dsse
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.canonical import JsonObject, JsonValue, canonical_bytes
from domain.signature import SignedSubject
from domain.strict_json import parse_json_object
from governance.request_reader import refused
from ledger.dsse import pre_authentication, sealed
from ledger.signing import Signer

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
SIGNED_PREDICATE: Final = "urn:lineproof:signed:v1"
"""The predicate of statements that say no more than that somebody signed."""
MAX_SUBJECTS: Final = 100
MAX_SIGNATURES: Final = 20


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope as it was read; nothing in it is verified."""

    document: JsonObject
    subjects: tuple[SignedSubject, ...]
    message: bytes
    """What each signature is made over."""
    signatures: tuple[tuple[str, bytes], ...]
    """Key id (a hint, as its maker wrote it) and signature."""


def signed_statement(subjects: Iterable[SignedSubject], signer: Signer) -> JsonObject:
    """An envelope of ``signer`` over a statement about ``subjects``."""
    statement: JsonObject = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": one["name"], "digest": {"sha256": one["digest"]}}
            for one in sorted(subjects, key=lambda one: (one["name"], one["digest"]))
        ],
        "predicateType": SIGNED_PREDICATE,
        "predicate": {},
    }
    return sealed(PAYLOAD_TYPE, canonical_bytes(statement), signer)


def read_envelope(document: JsonValue) -> Envelope:
    """The envelope; ``UsageError`` (INVALID_ARGUMENT, MALFORMED) when it is not one of a statement
    about SHA-256 digests."""
    if not isinstance(document, Mapping) or document.get("payloadType") != PAYLOAD_TYPE:
        raise refused(f"the envelope is no DSSE envelope of type {PAYLOAD_TYPE}")
    payload = _bytes(document.get("payload"), "payload")
    statement = parse_json_object(payload)
    if statement.get("_type") != STATEMENT_TYPE:
        raise refused(f"the envelope holds no {STATEMENT_TYPE}")
    return Envelope(
        document={
            "payloadType": PAYLOAD_TYPE,
            "payload": document["payload"],
            "signatures": document.get("signatures"),
        },
        subjects=_subjects(statement.get("subject")),
        message=pre_authentication(PAYLOAD_TYPE, payload),
        signatures=_signatures(document.get("signatures")),
    )


def _subjects(value: JsonValue) -> tuple[SignedSubject, ...]:
    found = [_subject(item) for item in _items(value, "subject", MAX_SUBJECTS)]
    return tuple(sorted(found, key=lambda one: (one["digest"], one["name"])))


def _subject(value: JsonValue) -> SignedSubject:
    fields = _object(value)
    digests = fields.get("digest")
    digest = digests.get("sha256") if isinstance(digests, Mapping) else None
    name = fields.get("name", "")
    if not isinstance(digest, str) or not isinstance(name, str) or len(name) > 1_000:
        raise refused("each subject needs a name and a sha256 digest")
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise refused("a subject's sha256 digest must be 64 hexadecimal digits")
    return {"name": name, "digest": digest}


def _signatures(value: JsonValue) -> tuple[tuple[str, bytes], ...]:
    found: list[tuple[str, bytes]] = []
    for item in _items(value, "signatures", MAX_SIGNATURES):
        fields = _object(item)
        key_id = fields.get("keyid", "")
        if not isinstance(key_id, str):
            raise refused("a signature's 'keyid' must be text")
        found.append((key_id, _bytes(fields.get("sig"), "sig")))
    return tuple(found)


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _items(value: JsonValue, name: str, most: int) -> Sequence[JsonValue]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not 0 < len(value) <= most:
        raise refused(f"{name!r} of the envelope must be a list of 1 to {most}")
    return value


def _bytes(value: JsonValue, name: str) -> bytes:
    if not isinstance(value, str):
        raise refused(f"{name!r} of the envelope must be text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise refused(f"{name!r} of the envelope must be base64") from None
