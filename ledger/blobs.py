"""Payloads by their SHA-256, written once: ``sha256/ab/cd/<hex>`` under the blobs folder."""

import hashlib
import re
from pathlib import Path

from domain.canonical import sha256_text
from domain.errors import IntegrityError
from ledger.durable import DurableFolder, read_file

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class Blobs:
    """A store of immutable byte strings."""

    def __init__(self, folder: DurableFolder) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep ``data``, durable on return; its ``sha256:<hex>``.

        Raises ``StorageFullError``, ``BackendError`` or ``FsyncFailed``.
        """
        digest = sha256_text(data)
        relative = blob_path(digest)
        if (self._folder.root / relative).is_file():
            self._folder.sync_folder_of(relative)
        else:
            self._folder.refuse_when_nearly_full()
            self._folder.replace({relative: data})
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes under ``sha256:<hex>``; ``IntegrityError`` when missing or changed."""
        data = read_file(self._folder.root / blob_path(digest))
        if data is None:
            raise _damaged(digest, "is missing")
        if sha256_text(data) != digest:
            raise _damaged(digest, "was changed")
        return data


def blob_path(digest: str) -> str:
    """Where a blob stands, relative to the blobs folder; ``IntegrityError`` for a bad digest."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise _damaged(digest, "is not named by a SHA-256")
    name = match[1]
    return f"sha256/{name[:2]}/{name[2:4]}/{name}"


def blob_fault(path: Path) -> str | None:
    """What is wrong with a blob file, None when its bytes are what its name says."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    expected = Path(blob_path(f"sha256:{digest}"))
    if path.parts[-len(expected.parts) :] != expected.parts:
        return "the bytes of the blob are not those that its name says"
    return None


def _damaged(digest: str, what: str) -> IntegrityError:
    return IntegrityError(
        f"The payload {digest} {what}.",
        hint="Restore the blobs folder from a backup; the ledger holds only the digest.",
        context={"digest": digest},
    )
