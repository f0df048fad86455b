"""Verification of erasable payloads: none is lost but those that the ledger says were erased.

Whoever has no keys at all (an auditor's copy) cannot tell, and is told nothing. Memory grows with
the number of subjects, not of entries.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from domain.errors import IntegrityError, LineproofError
from ledger.blobs import blob_path
from ledger.durable import read_file
from ledger.entry import decode
from ledger.erasure import PAYLOAD_ERASED
from ledger.folder import Paths
from ledger.sealing import SEALED, new_key, sealed_subject
from ledger.subject_keys import SUBJECTS, SubjectKeys
from ledger.verify_report import VerifyReport

_INLINE = f'"payload":{{"{SEALED}":'.encode()
_BLOB = b'"payload_digest":"sha256:'
_ERASED = f'"type":"{PAYLOAD_ERASED}"'.encode()
_MARKS = (_INLINE, _BLOB, _ERASED)
_BLOB_OF = re.compile(_BLOB[: -len(b"sha256:")] + rb"(sha256:[0-9a-f]{64})\"")
_BEGINNING = f'{{"{SEALED}":'.encode()


@dataclass(slots=True)
class _Subject:
    first: int
    payloads: int = 0


class ErasureCheck:
    """Counts what is sealed and erased among the entries that go by."""

    def __init__(self, paths: Paths, report: VerifyReport) -> None:
        self._blobs = paths.blobs
        self._folder = paths.keys / SUBJECTS
        self._keys = SubjectKeys(paths.keys, new_key)
        self._report = report
        self._sealed: dict[str, _Subject] = {}
        self._erased: dict[str, int] = {}

    def on_bundle(self, first: int, entries: Sequence[bytes], together: bytes) -> None:
        """Look at the entries of one bundle, and at all of them ``together``."""
        # Most bundles hold nothing of the kind: one search instead of hundreds.
        if not any(mark in together for mark in _MARKS):
            return
        for seq, entry in enumerate(entries, first):
            if _INLINE in entry or _ERASED in entry or self._has_sealed_blob(entry):
                self._look(seq, entry)

    def finish(self) -> None:
        """Hold the keys that are there against what the ledger says."""
        self._report.sealed = sum(s.payloads for s in self._sealed.values())
        self._report.erased = sum(
            s.payloads for name, s in self._sealed.items() if name in self._erased
        )
        if not self._folder.is_dir():
            return
        for name, subject in sorted(self._sealed.items()):
            if name not in self._erased:
                self._require_key(name, subject.first)
        for name, seq in sorted(self._erased.items()):
            if self._keys.exists(name):
                message = "the subject was erased, and yet its key is there; erase it again"
                self._report.add(seq, _key_path(name), message)

    def _look(self, seq: int, entry: bytes) -> None:
        try:
            recorded = decode(0, entry, self._blob)
        except LineproofError:
            return
        if recorded.type == PAYLOAD_ERASED:
            self._erased[str(recorded.payload.get("subject"))] = seq
        name = sealed_subject(recorded.payload)
        if name is not None:
            self._sealed.setdefault(name, _Subject(seq)).payloads += 1

    def _has_sealed_blob(self, entry: bytes) -> bool:
        """Whether the payload stands in a blob that begins as sealed ones do."""
        match = _BLOB_OF.search(entry)
        if match is None:
            return False
        try:
            with (self._blobs / blob_path(match[1].decode())).open("rb") as file:
                return file.read(len(_BEGINNING)) == _BEGINNING
        except OSError:
            return False

    def _blob(self, digest: str) -> bytes:
        return read_file(self._blobs / blob_path(digest)) or orjson.dumps({})

    def _require_key(self, name: str, seq: int) -> None:
        try:
            if self._keys.find(name) is None:
                message = "the key of sealed payloads is missing, and no entry says it was erased"
                self._report.add(seq, _key_path(name), message)
        except IntegrityError as error:
            self._report.add(seq, _key_path(name), error.message)


def _key_path(name: str) -> str:
    return f"keys/{SUBJECTS}/{name}.key"
