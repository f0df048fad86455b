"""Payloads by their SHA-256, written once: ``sha256/ab/cd/<hex>`` under the blobs folder."""

import hashlib
import re
from pathlib import Path

from domain.canonical import sha256_text
from domain.errors import IntegrityError
from ledger.durable import DurableFolder, read_file, typed_errors

CHECK_EVERY = 16 * 1024 * 1024
"""Bytes after which a blob under way looks again whether the disk has room."""

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

    def receive(self) -> "Upload":
        """A blob that comes in pieces."""
        return Upload(self._folder)

    def path(self, digest: str) -> Path:
        """The file of ``sha256:<hex>``; ``IntegrityError`` when it is missing."""
        path = self._folder.root / blob_path(digest)
        if not path.is_file():
            raise _damaged(digest, "is missing")
        return path

    def get(self, digest: str) -> bytes:
        """The bytes under ``sha256:<hex>``; ``IntegrityError`` when missing or changed."""
        data = read_file(self._folder.root / blob_path(digest))
        if data is None:
            raise _damaged(digest, "is missing")
        if sha256_text(data) != digest:
            raise _damaged(digest, "was changed")
        return data


class Upload:
    """A blob under way: hashed as it comes, seen by nobody until it is kept. A context manager.

    Raises ``StorageFullError``, ``BackendError`` or ``FsyncFailed``.
    """

    def __init__(self, folder: DurableFolder) -> None:
        """Use ``Blobs.receive``."""
        self._folder = folder
        self._digest = hashlib.sha256()
        self._unchecked = CHECK_EVERY
        self.size = 0
        with typed_errors():
            self._path = folder.staged_file()
            self._file = self._path.open("xb")

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *_: object) -> None:
        with typed_errors():
            self._file.close()
            self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Take the next piece."""
        self._unchecked += len(data)
        if self._unchecked >= CHECK_EVERY:
            self._folder.refuse_when_nearly_full()
            self._unchecked = 0
        with typed_errors():
            self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    def keep(self) -> str:
        """All has come: durable on return; its ``sha256:<hex>``."""
        with typed_errors():
            self._file.close()
        digest = f"sha256:{self._digest.hexdigest()}"
        self._folder.adopt(self._path, blob_path(digest))
        return digest


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
