"""The keys of erasable payloads: ``keys/subjects/<pseudonym>.key``, one for each subject.

Destroying a key is erasing: it gives way to ``<pseudonym>.erased``, so that no new one is made for
the same subject. ``keys/subjects/secret`` turns a subject's name into its pseudonym; the name
itself is stored nowhere.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable
from pathlib import Path

from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger.durable import DurableFolder, OsFs, read_file, typed_errors
from ledger.lock import exclusive

SUBJECTS = "subjects"
_SECRET = "secret"
_BYTES = 32


class SubjectKeys:
    """Thread-safe; several processes may share the folder. ``new_key`` draws 32 bytes."""

    def __init__(self, keys: Path, new_key: Callable[[], bytes]) -> None:
        self._folder = keys / SUBJECTS
        self._new_key = new_key
        self._known: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._mac_key: bytes | None = None

    def pseudonym(self, subject: str) -> str:
        """What stands for the subject in the ledger: 32 hexadecimal digits."""
        with self._lock:
            if self._mac_key is None:
                self._mac_key = self._obtain(_SECRET)
            return hmac.new(self._mac_key, subject.encode(), hashlib.sha256).hexdigest()[:32]

    def obtain(self, pseudonym: str) -> bytes:
        """The key, made durably on first use; ``UsageError`` (ERASED) when it was destroyed."""
        with self._lock:
            key = self._known.get(pseudonym)
            if key is None:
                self.require(pseudonym)
                key = self._known[pseudonym] = self._obtain(f"{pseudonym}.key")
            return key

    def find(self, pseudonym: str) -> bytes | None:
        """The key; None when there is none any more."""
        with self._lock:
            key = self._known.get(pseudonym) or self._read(f"{pseudonym}.key")
            if key is not None:
                self._known[pseudonym] = key
            return key

    def destroy(self, pseudonym: str) -> None:
        """Forget the key for ever; nothing happens when that was done before.

        Nobody else may use the ledger meanwhile: a process keeps the keys that it has read.
        """
        with self._lock, exclusive(self._prepared() / ".lock"):
            self._known.pop(pseudonym, None)
            self._durable().replace({f"{pseudonym}.erased": b""}, mode=0o600)
            with typed_errors():
                (self._folder / f"{pseudonym}.key").unlink(missing_ok=True)
                OsFs().sync(self._folder)

    def is_erased(self, pseudonym: str) -> bool:
        """Whether the key was destroyed on purpose."""
        return (self._folder / f"{pseudonym}.erased").exists()

    def require(self, pseudonym: str) -> None:
        """``UsageError`` (ERASED) for a subject that was erased."""
        if self.is_erased(pseudonym):
            raise UsageError(
                "This subject was erased; nothing more is recorded of it.",
                code=ErrorCode.ERASED,
                hint="Name another subject, or none.",
            )

    def exists(self, pseudonym: str) -> bool:
        """Whether there is a key."""
        return (self._folder / f"{pseudonym}.key").exists()

    def _obtain(self, name: str) -> bytes:
        key = self._read(name)
        if key is not None:
            return key
        with exclusive(self._prepared() / ".lock"):
            key = self._read(name)
            if key is None:
                key = self._new_key()
                text = f"{key.hex()} {_check(name, key)}\n"
                self._durable().replace({name: text.encode()}, mode=0o600)
            return key

    def _read(self, name: str) -> bytes | None:
        data = read_file(self._folder / name)
        if data is None:
            return None
        try:
            hexadecimal, check = data.decode("ascii").removesuffix("\n").split(" ")
            key = bytes.fromhex(hexadecimal)
        except ValueError:
            key, check = b"", ""
        if len(key) != _BYTES or check != _check(name, key) or not data.endswith(b"\n"):
            raise IntegrityError(
                f"The key file subjects/{name} was changed.",
                code=ErrorCode.LEDGER_TAMPERED,
                hint="Restore keys/subjects from a backup.",
            )
        return key

    def _prepared(self) -> Path:
        with typed_errors():
            self._folder.mkdir(mode=0o700, exist_ok=True)
            OsFs().sync(self._folder.parent)
        return self._folder

    def _durable(self) -> DurableFolder:
        folder = DurableFolder(self._folder, self._folder / ".staging", OsFs())
        folder.prepare()
        return folder


def _check(name: str, key: bytes) -> str:
    return hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:16]
