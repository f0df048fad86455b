"""A ledger's folder: where things stand, how it is made, and that it is whole before it is used.

Made in this order, so that a crash leaves either no ledger or one that opens: folders, private key,
``ledger.toml``, ``sequencer.db``; the first publish adds the checkpoint of size 0.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConflictError, ErrorCode, IntegrityError, LineproofError, UsageError
from ledger import merkle
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.durable import DurableFolder, Fs, clear_folder, read_file, typed_errors
from ledger.lock import let_go, open_lock, take_shared, try_exclusive
from ledger.manifest import KeyRange, Manifest, parse_manifest
from ledger.sequencer import Head, KeyRow, Sequencer, create_sequencer
from ledger.signing import Signer, generate_signer, parse_signer
from ledger.tiles import CHECKPOINT

DEFAULT_ORIGIN = "lineproof.local/ledger"
_LOCK_ATTEMPTS = 200
"""The process that was making the ledger may have failed while we waited for it."""
_LOCK_PAUSE = 0.01
"""Seconds without the lock, so that one of several who start at once can be alone."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where everything stands under a data folder."""

    data: Path

    @property
    def ledger(self) -> Path:
        return self.data / "ledger"

    @property
    def manifest(self) -> Path:
        return self.ledger / "ledger.toml"

    @property
    def sequencer(self) -> Path:
        return self.ledger / "sequencer.db"

    @property
    def publish_lock(self) -> Path:
        return self.ledger / "publish.lock"

    @property
    def open_lock(self) -> Path:
        return self.ledger / "open.lock"

    @property
    def static(self) -> Path:
        return self.ledger / "static"

    @property
    def witnessed(self) -> Path:
        """The last checkpoint that a quorum of witnesses cosigned."""
        return self.ledger / "witnessed"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def signing_key(self) -> Path:
        return self.keys / "ledger.key"

    @property
    def next_signing_key(self) -> Path:
        """The key that an interrupted rotation was about to hand over to."""
        return self.keys / "ledger.key.next"

    @property
    def staging(self) -> Path:
        return self.data / ".staging"


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """A whole ledger folder, held open by a shared lock."""

    paths: Paths
    manifest: Manifest
    signer: Signer
    lock: int
    """File descriptor of the shared lock; closing it lets go of the folder."""

    def durable(self, root: Path, fs: Fs) -> DurableFolder:
        """A door to write files under ``root``."""
        return DurableFolder(root, self.paths.staging, fs)


def open_folder(data: Path, origin: str | None, fs: Fs) -> OpenFolder:
    """The ledger's folder, made when there is none yet.

    Raises ``UsageError`` (CONFIG_INVALID) for another origin or an unusable key or manifest,
    ``IntegrityError`` when parts of an existing ledger are gone.
    """
    paths = Paths(data)
    with typed_errors():
        _make_folders(paths.ledger, fs)
    lock = _lock(paths, origin, fs)
    try:
        manifest = _read_manifest(paths, origin)
        signer = read_signer(paths, manifest)
    except LineproofError:
        os.close(lock)
        raise
    return OpenFolder(paths, manifest, signer, lock)


def check_folder(paths: Paths, manifest: Manifest, sequencer: Sequencer) -> None:
    """Start-up check; the caller holds the publish lock.

    Raises ``IntegrityError``: LEDGER_TAMPERED when the parts contradict each other,
    LEDGER_ROLLED_BACK when one of them is older than another allows.
    """
    faults = sequencer.faults(tables=("head", "pending"))
    if faults:
        raise _tampered(f"sequencer.db is damaged ({faults[0]})")
    head = sequencer.head()
    if not continues(head, manifest.open(head.checkpoint)):
        raise _tampered("sequencer.db contradicts the checkpoint in it")
    text = read_file(paths.static / CHECKPOINT)
    if text is None:
        if head.published:
            raise _rolled_back("the published files are gone")
        return
    published = manifest.open(_decoded(text))
    if published.size > head.size:
        raise _rolled_back(f"{published.size} entries are published, {head.size} are sequenced")
    if published.size < head.published:
        raise _rolled_back(f"{head.published} entries were published, {published.size} are left")
    if not continues(head, published):
        raise _tampered(f"two roots are signed for size {head.size}")


def continues(head: Head, signed: Checkpoint) -> bool:
    """Whether the committed tree may be the signed one or a later one, by its size and root.

    That it holds the signed tree's entries shows when the pending ones are folded into it, as
    every publication does.
    """
    if signed.size == head.size:
        return signed.root == head.root
    return head.published <= signed.size < head.size


def _make_folders(folder: Path, fs: Fs) -> None:
    """Make what is missing of ``folder`` and the folders above it, each name durable."""
    if not folder.is_dir():
        _make_folders(folder.parent, fs)
        with suppress(FileExistsError):
            fs.make_folder(folder)
        fs.sync(folder.parent)


def _lock(paths: Paths, origin: str | None, fs: Fs) -> int:
    """A shared lock on the folder; whoever is alone cleans up and completes it first."""
    lock = open_lock(paths.open_lock)
    try:
        for _ in range(_LOCK_ATTEMPTS):
            alone = try_exclusive(lock)
            if alone:
                clear_folder(paths.staging, fs)
                _complete(paths, origin, fs)
            take_shared(lock)
            if alone or paths.sequencer.exists():
                return lock
            let_go(lock)
            time.sleep(_LOCK_PAUSE)
        raise _rolled_back("sequencer.db is gone while another process uses the ledger")
    except BaseException:
        os.close(lock)
        raise


def _complete(paths: Paths, origin: str | None, fs: Fs) -> None:
    """Make what is missing of a new ledger; never anything of one that was in use."""
    in_use = (paths.static / CHECKPOINT).exists()
    if in_use and not (paths.manifest.exists() and paths.sequencer.exists()):
        raise _rolled_back("ledger.toml or sequencer.db is gone")
    for root in (paths.keys, paths.static, paths.blobs):
        DurableFolder(root, paths.staging, fs).prepare()
    if not paths.manifest.exists():
        if paths.sequencer.exists():
            raise _rolled_back("ledger.toml is gone")
        _write_identity(paths, origin or DEFAULT_ORIGIN, fs)
    if not paths.sequencer.exists():
        _write_sequencer(paths, fs)


def _write_identity(paths: Paths, origin: str, fs: Fs) -> None:
    if paths.signing_key.exists():
        with typed_errors():
            signer = parse_signer(paths.signing_key.read_text())
    else:
        signer = generate_signer(origin)
        keys = DurableFolder(paths.keys, paths.staging, fs)
        secret = {paths.signing_key.name: signer.key_file.encode()}
        keys.replace(secret, mode=0o600)
    manifest = Manifest(origin, (KeyRange(signer.verifier, 0),))
    ledger = DurableFolder(paths.ledger, paths.staging, fs)
    ledger.replace({paths.manifest.name: manifest.text().encode()})


def _write_sequencer(paths: Paths, fs: Fs) -> None:
    manifest = _read_manifest(paths, None)
    signer = read_signer(paths, manifest)
    empty = sign_checkpoint(manifest.origin, 0, merkle.EMPTY_ROOT, signer)
    install_sequencer(paths, Head(0, (), empty.text, 0, 0), iter(()), fs)


def install_sequencer(paths: Paths, head: Head, keys: Iterator[KeyRow], fs: Fs) -> None:
    """Make a new sequencer.db under a name that nobody reads, then give it its own."""
    new = paths.sequencer.with_suffix(".new")
    with typed_errors():
        for path in (new, *_side_files(new), *_side_files(paths.sequencer)):
            path.unlink(missing_ok=True)
    create_sequencer(new, head, keys)
    with typed_errors():
        fs.sync(new)
        fs.sync(paths.ledger)  # No old journal may come back beside the new database.
        fs.rename(new, paths.sequencer)
        fs.sync(paths.ledger)


def _side_files(database: Path) -> tuple[Path, Path]:
    """SQLite's files beside a database; a stale one would be replayed into a new database."""
    return database.with_name(database.name + "-wal"), database.with_name(database.name + "-shm")


def _read_manifest(paths: Paths, origin: str | None) -> Manifest:
    with typed_errors():
        manifest = parse_manifest(paths.manifest.read_bytes())
    if origin is not None and origin != manifest.origin:
        raise UsageError(
            f"The ledger's origin is {manifest.origin!r}, not {origin!r}.",
            code=ErrorCode.CONFIG_INVALID,
            hint="An origin cannot change; open the ledger without naming one.",
        )
    return manifest


def read_signer(paths: Paths, manifest: Manifest) -> Signer:
    """The private key that ledger.toml names last; ``UsageError`` (CONFIG_INVALID) without it.

    ``ConflictError`` while a key rotation is unfinished.
    """
    if paths.next_signing_key.exists():
        raise ConflictError(
            "A key rotation was interrupted.",
            hint="Finish it with `lineproof ledger keys rotate`.",
        )
    data = read_file(paths.signing_key)
    if data is None:
        raise UsageError(
            "The ledger's private key is missing.",
            code=ErrorCode.CONFIG_INVALID,
            hint="Restore keys/ledger.key from a backup; without it nothing can be signed.",
        )
    signer = parse_signer(_decoded(data))
    if signer.verifier != manifest.keys[-1].verifier:
        raise UsageError(
            "The private key is not the one that ledger.toml names.",
            code=ErrorCode.CONFIG_INVALID,
            hint="Restore keys/ledger.key and ledger.toml from one backup.",
        )
    return signer


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _tampered(why: str) -> IntegrityError:
    return IntegrityError(
        f"The ledger cannot be opened: {why}.",
        code=ErrorCode.LEDGER_TAMPERED,
        hint="Run `lineproof ledger verify`, then restore from a backup.",
    )


def _rolled_back(why: str) -> IntegrityError:
    return IntegrityError(
        f"The ledger was rolled back: {why}.",
        code=ErrorCode.LEDGER_ROLLED_BACK,
        hint="Restore the newest backup, or rebuild sequencer.db with `lineproof ledger recover`.",
    )
