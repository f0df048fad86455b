"""Payloads that can be erased: encrypted under a key of their subject, until that is destroyed.

What stands in the ledger for ever is ``{"lineproof.sealed": <base64>, "subject": <pseudonym>}``;
actor and idempotency key, which may name people too, are replaced. Sealing is deterministic, so
that a repeated request is still a repetition::

    pseudonym = HMAC(secret of the ledger, subject)
    nonce     = HMAC(key of the subject, "nonce" || place || payload)[:12]
    sealed    = nonce || AES-256-GCM(key, nonce, payload, associated data = place)

Equal payloads of one subject are equal when sealed, and nothing else is told. A nonce comes twice
only for equal payloads. Importer of cryptography.
"""

import base64
import hashlib
import hmac
from dataclasses import replace
from pathlib import Path
from typing import cast

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.canonical import JsonObject
from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger.blobs import Blobs
from ledger.entry import Draft, Entry, canonical_fast
from ledger.sealed_file import SealedFile, SealedUpload, SubjectKey
from ledger.subject_keys import SubjectKeys

SEALED = "lineproof.sealed"
"""The member of a payload that holds the sealed one."""
UNREADABLE = "payload.unreadable"
"""The type of an entry, as read, whose payload was erased; no projection knows it."""
_NONCE_BYTES = 12


def new_key() -> bytes:
    """A fresh key of AES-256."""
    return AESGCM.generate_key(bit_length=256)


class Sealer:
    """Seals drafts and opens entries with the keys in a data folder. Thread-safe."""

    def __init__(self, keys: Path) -> None:
        self._keys = SubjectKeys(keys, new_key)

    def require(self, subject: str) -> None:
        """``UsageError`` (ERASED) for a subject that was erased."""
        self._keys.require(self._keys.pseudonym(subject))

    def idem(self, draft: Draft) -> str:
        """The idempotency key of the draft once it is sealed. Errors as ``seal``."""
        subject = self._keys.pseudonym(draft.subject)
        return _idem(self._keys.obtain(subject), _place(draft.project, draft.type, subject), draft)

    def seal(self, draft: Draft) -> Draft:
        """The draft with its payload encrypted under its subject's key, made on first use.

        Raises ``UsageError`` (ERASED) for a subject that was erased, ENTRY_INVALID for a payload
        that is not canonical JSON.
        """
        subject = self._keys.pseudonym(draft.subject)
        key = self._keys.obtain(subject)
        payload = canonical_fast(draft.payload)
        place = _place(draft.project, draft.type, subject)
        nonce = _mac(key, b"nonce", place, payload)[:_NONCE_BYTES]
        sealed = nonce + AESGCM(key).encrypt(nonce, payload, place)
        return replace(
            draft,
            actor=subject,
            idem=_idem(key, place, draft),
            payload={SEALED: base64.b64encode(sealed).decode(), "subject": subject},
        )

    def receive(self, blobs: Blobs, subject: str) -> SealedUpload:
        """A file that comes in pieces and can be erased; ERASED as ``seal``."""
        pseudonym = self._keys.pseudonym(subject)
        key = self._keys.obtain(pseudonym)
        return SealedUpload(blobs.receive(), SubjectKey(pseudonym, key))

    def file(self, path: Path, pseudonym: str, size: int) -> SealedFile:
        """A sealed file of ``size`` bytes; ``UsageError`` (ERASED) when its key is gone."""
        key = self._keys.find(pseudonym)
        if key is None:
            raise UsageError(
                "This file was erased.",
                code=ErrorCode.ERASED,
                hint="Nobody can read it again; what is left of its run says when it was recorded.",
            )
        return SealedFile(path, SubjectKey(pseudonym, key), size)

    def open(self, entry: Entry) -> Entry:
        """The entry with its payload decrypted; of type UNREADABLE when the key is gone.

        Raises ``IntegrityError`` (LEDGER_TAMPERED) when the key does not open it.
        """
        subject = sealed_subject(entry.payload)
        if subject is None:
            return entry
        key = self._keys.find(subject)
        if key is None:
            shown: JsonObject = {"subject": subject, "type": entry.type}
            return replace(entry, type=UNREADABLE, payload=shown)
        sealed = base64.b64decode(cast("str", entry.payload[SEALED]))
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            place = _place(entry.project, entry.type, subject)
            payload = AESGCM(key).decrypt(nonce, ciphertext, place)
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                f"The payload of entry {entry.seq} does not open with its subject's key.",
                code=ErrorCode.LEDGER_TAMPERED,
                hint="Restore keys/subjects from a backup.",
                context={"seq": entry.seq},
            ) from error
        return replace(entry, payload=cast("JsonObject", orjson.loads(payload)))


def sealed_subject(payload: JsonObject) -> str | None:
    """The pseudonym under which a payload is sealed; None when it is not."""
    subject = payload.get("subject")
    if len(payload) != 2 or not isinstance(subject, str):
        return None
    return subject if isinstance(payload.get(SEALED), str) else None


def checked_subject(subject: str) -> str:
    """``subject`` when it can be one; ``UsageError`` otherwise."""
    if not subject.strip() or len(subject) > 250 or not subject.isprintable():
        raise UsageError(
            "A subject is named by 1 to 250 printable characters.",
            hint="Use whatever you will ask to have erased, such as a person's id.",
        )
    return subject


def _place(project: str, kind: str, subject: str) -> bytes:
    return orjson.dumps([project, kind, subject])


def _idem(key: bytes, place: bytes, draft: Draft) -> str:
    return "sealed/" + _mac(key, b"idem", place, draft.idem.encode()).hex()


def _mac(key: bytes, purpose: bytes, *parts: bytes) -> bytes:
    mac = hmac.new(key, purpose, hashlib.sha256)
    for part in parts:
        mac.update(len(part).to_bytes(8, "big") + part)
    return mac.digest()
