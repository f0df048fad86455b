"""Backups: a data folder's ledger, blobs and keys in one verified copy, made while it is in use.

Under the publisher's lock only what changes is copied: checkpoint, right edge of the tree, and the
sequencer by SQLite's own backup. Full tiles and blobs never change and follow without a lock.

A backup holds the private key and the keys of erasable payloads: guard it as you guard them.
"""

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger import tiles
from ledger.copying import (
    copy_files,
    copy_tree,
    durable,
    put_in_place,
    refuse_existing,
    required,
    resource_path,
    whole,
)
from ledger.durable import OsFs, read_file, typed_errors
from ledger.folder import Paths
from ledger.lock import exclusive, open_lock, take_shared
from ledger.reader import StaticReader
from ledger.sequencer import Sequencer
from ledger.tiles import Resource
from ledger.tree_head import unverified_tree_head
from ledger.verify import verify_folder
from ledger.verify_report import VerifyReport
from ledger.witness_policy import FILE as WITNESSES

ARCHIVE = ".tar"
"""How the name of a backup in one file ends."""


def back_up(data: Path, target: Path) -> VerifyReport:
    """Copy the ledger to a new folder, or to a file when ``target`` ends in ``.tar``.

    Raises ``ConflictError`` when ``target`` exists, ``IntegrityError`` when the copy does not
    verify: then there is none.
    """
    required(Paths(data).manifest)
    if target.suffix != ARCHIVE:
        return _back_up_folder(data, target)
    refuse_existing(target)
    folder = target.with_name(f"{target.name}.folder")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        report = _back_up_folder(data, folder)
        _pack(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report


def restore(
    backup: Path, data: Path, *, vkey: str | None, accept: Callable[[Path], None]
) -> VerifyReport:
    """Make a data folder from a backup; what it holds was verified.

    1. nothing is overwritten: a ledger that is there stays, a newer one is named as such;
    2. the copy is verified with the pinned key, when there is one;
    3. ``accept`` may refuse the copy by raising; 4. it gets its name.
    """
    # 1
    _refuse_ledger(data, backup)
    refuse_existing(data)
    with whole(data) as partial:
        if backup.is_dir():
            _copy_backup(Paths(backup), partial)
        else:
            _unpack(backup, partial)
        # 2
        report = verify_folder(partial, vkey=vkey)
        report.raise_first()
        # 3
        accept(partial)
    # 4: ``whole`` has renamed it.
    return report


def _back_up_folder(data: Path, target: Path) -> VerifyReport:
    paths = Paths(data)
    lock = open_lock(paths.open_lock)
    try:
        take_shared(lock)
        with whole(target) as partial:
            size = _copy_what_changes(paths, partial)
            static = durable(partial, Paths(partial).static)
            files = (resource_path(paths.static, r) for r in _unchanging(size))
            copy_files(paths.static, static, files)
            _copy_beside(paths, partial)
            report = verify_folder(partial)
            report.raise_first()
    finally:
        os.close(lock)
    return report


def _copy_what_changes(paths: Paths, partial: Path) -> int:
    """Copy the checkpoint, its right edge and the sequencer as of one moment; the size."""
    copy = Paths(partial)
    static = durable(partial, copy.static)
    sequencer = Sequencer(paths.sequencer)
    try:
        with exclusive(paths.publish_lock):
            text = StaticReader(paths.static).checkpoint_text()
            size = unverified_tree_head(text).size
            edge = [r for r in tiles.resources(size) if r.width < tiles.TILE_WIDTH]
            files = {r.path: required(paths.static / r.path) for r in edge}
            sequencer.copy_to(copy.sequencer)
            _copy_witnesses(paths, partial)
    finally:
        sequencer.close()
    OsFs().sync(copy.sequencer)
    static.replace({**files, tiles.CHECKPOINT: text.encode()})
    return size


def _copy_witnesses(paths: Paths, partial: Path) -> None:
    """Who witnesses the ledger, and what they cosigned last; nothing when nobody does."""
    names = (paths.ledger / WITNESSES, paths.witnessed)
    found = {path.name: read_file(path) for path in names}
    kept = {name: data for name, data in found.items() if data is not None}
    if kept:
        durable(partial, Paths(partial).ledger).replace(kept)


def _unchanging(size: int) -> Iterator[Resource]:
    return (r for r in tiles.resources(size) if r.width == tiles.TILE_WIDTH)


def _copy_beside(paths: Paths, partial: Path) -> None:
    """What stands beside the log and never changes: manifest, blobs, keys."""
    copy = Paths(partial)
    ledger = durable(partial, copy.ledger)
    ledger.replace({paths.manifest.name: required(paths.manifest)})
    copy_tree(paths.blobs, durable(partial, copy.blobs))
    copy_tree(paths.keys, durable(partial, copy.keys), mode=0o600)


def _copy_backup(backup: Paths, partial: Path) -> None:
    copy = Paths(partial)
    copy_tree(backup.static, durable(partial, copy.static))
    sequencer = {backup.sequencer.name: required(backup.sequencer)}
    durable(partial, copy.ledger).replace(sequencer)
    _copy_witnesses(backup, partial)
    _copy_beside(backup, partial)


def _pack(folder: Path, target: Path) -> None:
    partial = target.with_name(f"{target.name}.partial")
    with typed_errors():
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(folder, arcname=".")
    put_in_place(partial, target)


def _unpack(archive: Path, partial: Path) -> None:
    """Extract a backup; only plain files and folders inside it are let out."""
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(partial, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise _no_backup(archive, error) from error
    strangers = {path.name for path in partial.iterdir()} - {"ledger", "blobs", "keys"}
    if strangers:
        raise _no_backup(archive, f"it holds {min(strangers)!r}")


def _refuse_ledger(data: Path, backup: Path) -> None:
    """A newer ledger that stands there already is no case for an older backup."""
    standing = read_file(Paths(data).static / tiles.CHECKPOINT)
    if standing is None:
        return
    older, size = _size(_checkpoint_of(backup)), _size(standing)
    if older < size:
        raise IntegrityError(
            f"The backup has {older} entries; the ledger that stands there has {size}.",
            code=ErrorCode.LEDGER_ROLLED_BACK,
            hint="Keep the newer ledger; `lineproof ledger verify` tells whether it is whole.",
        )


def _checkpoint_of(backup: Path) -> bytes:
    relative = Paths(Path()).static / tiles.CHECKPOINT
    if backup.is_dir():
        return required(backup / relative)
    try:
        with tarfile.open(backup) as opened:
            file = opened.extractfile(f"./{relative.as_posix()}")
            if file is not None:
                return file.read()
    except (tarfile.TarError, OSError, KeyError) as error:
        raise _no_backup(backup, error) from error
    raise _no_backup(backup, "it holds no checkpoint")


def _size(checkpoint: bytes) -> int:
    return unverified_tree_head(checkpoint.decode("utf-8", "replace")).size


def _no_backup(backup: Path, why: object) -> UsageError:
    return UsageError(
        f"{backup} is not a backup: {why}.", hint="Name what `lineproof ledger backup` made."
    )
