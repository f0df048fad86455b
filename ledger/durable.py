"""How bytes become durable: the order of system calls, in one place.

To replace or create a file so that after a crash it is either the old or the new one, whole::

    1. write the bytes to a temporary file in a staging folder of the same file system
    2. fsync the temporary file           its bytes are on the disk under a name nobody reads
    3. rename it to its final name        readers see the old file or the new one
    4. fsync the folder of the final name the name itself is on the disk

The sad path: **a failed fsync is fatal** (``FsyncFailed``). The kernel may have dropped the dirty
pages and will report success the next time, so nothing may be retried or acknowledged after it.
A full disk before that point is a ``StorageFullError``: nothing was promised, nothing is lost.
"""

import errno
import itertools
import os
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Protocol

from domain.errors import BackendError, StorageFullError

RESERVED_BYTES = 64 * 1024 * 1024
"""Writes are refused while less than this is free, so that a publish under way can still end."""


class FsyncFailed(BackendError):
    """The disk did not confirm a write. The process must stop; nothing may be acknowledged."""

    retryable: ClassVar[bool] = False


class Fs(Protocol):
    """The changes that the ledger makes to a file system; a simulated one can lose them.

    Methods raise ``OSError`` as the system does.
    """

    def write(self, path: Path, data: bytes, mode: int) -> None:
        """Create ``path`` with ``data``, or overwrite it; not durable."""
        ...

    def sync(self, path: Path) -> None:
        """Make the bytes of a file, or the names in a folder, durable."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Give ``source`` the name ``target``, replacing what was there; not durable."""
        ...

    def make_folder(self, path: Path) -> None:
        """Create one folder; its parent exists. Not durable."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file or an empty folder; not durable."""
        ...

    def free_bytes(self, path: Path) -> int:
        """Bytes that an unprivileged process may still write where ``path`` is."""
        ...


class OsFs:
    """The operating system's file system."""

    def write(self, path: Path, data: bytes, mode: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)

    def sync(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        source.replace(target)

    def make_folder(self, path: Path) -> None:
        path.mkdir()

    def remove(self, path: Path) -> None:
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()

    def free_bytes(self, path: Path) -> int:
        status = os.statvfs(path)
        return status.f_bavail * status.f_frsize


class DurableFolder:
    """A folder whose files appear whole and durable or not at all.

    ``staging`` is a folder of the same file system. The parents of both exist.
    """

    def __init__(self, root: Path, staging: Path, fs: Fs) -> None:
        self._root = root
        self._staging = staging
        self._fs = fs
        self._staged = itertools.count()
        self._durable_folders = {root.parent, staging.parent}

    @property
    def root(self) -> Path:
        """Where the folder is."""
        return self._root

    def prepare(self) -> None:
        """Create the folder where it is missing."""
        with typed_errors():
            self._make_folder(self._root)
            self._make_folder(self._staging)

    def replace(self, files: Mapping[str, bytes], *, mode: int = 0o644) -> None:
        """Write every file (by relative path), all durable on return; each is atomic by itself.

        Raises ``FsyncFailed``, ``StorageFullError`` or ``BackendError``.
        """
        staged: list[tuple[Path, Path]] = []
        with typed_errors():
            for number, (relative, data) in enumerate(files.items()):
                target = self._root / relative
                temporary = self._staging / f"{os.getpid()}-{threading.get_ident()}-{number}"
                self._make_folder(target.parent)
                self._fs.write(temporary, data, mode)
                self._sync(temporary)
                staged.append((temporary, target))
            for temporary, target in staged:
                self._fs.rename(temporary, target)
            for folder in sorted({target.parent for _, target in staged}):
                self._sync(folder)

    def staged_file(self) -> Path:
        """A free name in the staging folder, for a file that ``adopt`` takes later."""
        return self._staging / f"{os.getpid()}-upload-{next(self._staged)}"

    def adopt(self, temporary: Path, relative: str) -> None:
        """Take a written file of the staging folder; durable under ``relative`` on return.

        Raises ``FsyncFailed``, ``StorageFullError`` or ``BackendError``.
        """
        target = self._root / relative
        with typed_errors():
            self._make_folder(target.parent)
            self._sync(temporary)
            self._fs.rename(temporary, target)
            self._sync(target.parent)

    def remove_tree(self, relative: str) -> None:
        """Remove a folder of files; not durable: after a crash some may be back."""
        folder = self._root / relative
        if not folder.is_dir():
            return
        with typed_errors():
            for path in sorted(folder.iterdir()):
                self._fs.remove(path)
            self._fs.remove(folder)

    def sync_folder_of(self, relative: str) -> None:
        """Make the name of a file that somebody else wrote durable."""
        target = self._root / relative
        with typed_errors():
            self._make_folder(target.parent)
            self._sync(target.parent)

    def refuse_when_nearly_full(self) -> None:
        """``StorageFullError`` while less than 64 MiB are free."""
        if self._fs.free_bytes(self._root) < RESERVED_BYTES:
            raise storage_full()

    def _make_folder(self, folder: Path) -> None:
        """Create ``folder`` and its parents, each name durable.

        A folder that this process has not yet seen is synced even when it exists: whoever made it
        may not have come to that.
        """
        if folder in self._durable_folders:
            return
        self._make_folder(folder.parent)
        with suppress(FileExistsError):
            self._fs.make_folder(folder)
        self._sync(folder.parent)
        self._durable_folders.add(folder)

    def _sync(self, path: Path) -> None:
        try:
            self._fs.sync(path)
        except OSError as error:
            raise FsyncFailed(
                f"The disk did not confirm a write to {path.name}.",
                hint="Stop, check the disk, then start again; acknowledged entries are safe.",
            ) from error


def read_file(path: Path) -> bytes | None:
    """The bytes of a file, None when there is none; ``BackendError`` when it cannot be read."""
    with typed_errors():
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None


def clear_folder(folder: Path, fs: Fs) -> int:
    """Remove the files in a staging folder, left by a crash; how many. Only while nobody writes."""
    leftovers = sorted(folder.iterdir()) if folder.is_dir() else []
    with typed_errors():
        for path in leftovers:
            fs.remove(path)
    return len(leftovers)


@contextmanager
def typed_errors() -> Generator[None]:
    """Turns ``OSError`` into ``StorageFullError`` or ``BackendError``."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise storage_full() from error
        raise BackendError(
            f"The ledger's folder cannot be used: {error.strerror or error}.",
            hint="Check that the folder exists and belongs to this user.",
        ) from error


def storage_full() -> StorageFullError:
    """The error for a disk without room."""
    return StorageFullError(
        "The disk is nearly full; nothing was written.",
        hint="Free some space: reads go on, and writes resume by themselves.",
    )
