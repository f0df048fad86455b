"""Files that can be erased: encrypted as they come, in chunks that can be read one by one.

A sealed file is a blob like any other, under the digest of its ciphertext. Every chunk of 64 KiB
stands as ::

    nonce = HMAC(key of the subject, "file" || place || chunk)[:12]
    nonce || AES-256-GCM(key, nonce, chunk, associated data = place)

where the place is the subject, the chunk's number, and whether it is the last: none can be left
out, moved or added. Sealing is deterministic, as that of payloads. Importer of cryptography.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import ErrorCode, IntegrityError
from ledger.blobs import Upload

CHUNK = 64 * 1024
"""Bytes of the file in each chunk but the last, which has 1 to as many; 0 of an empty file."""
_NONCE = 12
_TAG = 16
_STORED = _NONCE + CHUNK + _TAG


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A subject's pseudonym and its key."""

    subject: str
    key: bytes

    def seal(self, chunk: bytes, number: int, *, last: bool) -> bytes:
        """The chunk as it is stored."""
        place = self._place(number, last=last)
        mac = hmac.new(self.key, b"file", hashlib.sha256)
        mac.update(len(place).to_bytes(8, "big") + place + chunk)
        nonce = mac.digest()[:_NONCE]
        return nonce + AESGCM(self.key).encrypt(nonce, chunk, place)

    def open(self, stored: bytes, number: int, *, last: bool) -> bytes:
        """The chunk; ``IntegrityError`` (LEDGER_TAMPERED) when it is not what was stored."""
        try:
            place = self._place(number, last=last)
            return AESGCM(self.key).decrypt(stored[:_NONCE], stored[_NONCE:], place)
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                "A sealed file does not open with its subject's key.",
                code=ErrorCode.LEDGER_TAMPERED,
                hint="Restore the blobs folder and keys/subjects from one backup.",
            ) from error

    def _place(self, number: int, *, last: bool) -> bytes:
        return orjson.dumps(["file", self.subject, number, last])


class SealedUpload:
    """A file under way that nobody reads in the clear. A context manager, as ``Upload``."""

    def __init__(self, upload: Upload, key: SubjectKey) -> None:
        """Use ``Sealer.receive``."""
        self._upload = upload
        self._key = key
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        self._chunks = 0
        self.size = 0
        self.blob = ""
        """``sha256:<hex>`` of what is stored, once it is kept."""

    @property
    def subject(self) -> str:
        """The pseudonym whose key it is sealed with."""
        return self._key.subject

    def __enter__(self) -> Self:
        self._upload.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._upload.__exit__(*error)

    def write(self, data: bytes) -> None:
        """Take the next piece."""
        self._digest.update(data)
        self.size += len(data)
        self._waiting += data
        # The last chunk is sealed as such: one is kept back until more has come.
        while len(self._waiting) > CHUNK:
            self._store(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def keep(self) -> str:
        """All has come: durable on return; ``sha256:<hex>`` of the file itself."""
        self._store(bytes(self._waiting), last=True)
        self.blob = self._upload.keep()
        return f"sha256:{self._digest.hexdigest()}"

    def _store(self, chunk: bytes, *, last: bool) -> None:
        self._upload.write(self._key.seal(chunk, self._chunks, last=last))
        self._chunks += 1


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A stored file and the key that opens it."""

    path: Path
    key: SubjectKey
    size: int
    """Bytes of the file itself."""

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes in [start, stop), in pieces. ``IntegrityError`` as ``SubjectKey.open``."""
        last = max(self.size - 1, 0) // CHUNK
        with self.path.open("rb") as file:
            for number in range(start // CHUNK, -(-stop // CHUNK)):
                chunk = self._chunk(file, number, last)
                first = number * CHUNK
                yield chunk[max(start - first, 0) : stop - first]

    def _chunk(self, file: BinaryIO, number: int, last: int) -> bytes:
        file.seek(number * _STORED)
        return self.key.open(file.read(_STORED), number, last=number == last)
