"""Copies of a ledger that are there whole and verified, or not at all.

A copy is made beside its final name, verified, and then renamed: whoever finds the name finds a
copy that held when it was made.
"""

import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from domain.errors import ConflictError, NotFoundError
from ledger.durable import DurableFolder, OsFs, read_file, typed_errors
from ledger.folder import Paths
from ledger.manifest import FILE, parse_manifest
from ledger.reader import StaticReader
from ledger.tiles import CHECKPOINT, Resource, resources
from ledger.tree_head import unverified_tree_head
from ledger.verify import verify_static
from ledger.verify_files import walk

_STAGING = ".staging"
_AT_ONCE = 64
"""Files that are in memory together."""


def export_log(data: Path, target: Path) -> int:
    """Copy what an outsider needs to verify the log: its files and ``ledger.toml``; its size.

    Payloads in blobs, keys and the sequencer are left out. Raises ``ConflictError`` when ``target``
    exists, ``NotFoundError`` when there is no ledger, ``IntegrityError`` when it does not verify.
    """
    paths = Paths(data)
    keys = required(paths.manifest)
    text = StaticReader(paths.static).checkpoint_text()
    size = unverified_tree_head(text).size
    with whole(target) as partial:
        copy = durable(partial)
        copy_files(paths.static, copy, (resource_path(paths.static, r) for r in resources(size)))
        copy.replace({FILE: keys, CHECKPOINT: text.encode()})
        vkey = parse_manifest(keys).keys[0].verifier.vkey
        verify_static(partial, vkey).raise_first()
    return size


@contextmanager
def whole(target: Path) -> Generator[Path]:
    """A folder to fill; it gets the name ``target`` at the end, durable, unless something fails."""
    refuse_existing(target)
    partial = target.with_name(f"{target.name}.partial")
    with typed_errors():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
    try:
        yield partial
        shutil.rmtree(partial / _STAGING, ignore_errors=True)
        _sync_tree(partial, OsFs())
        put_in_place(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _sync_tree(folder: Path, fs: OsFs) -> None:
    """Make every file and every name under a folder durable."""
    with typed_errors():
        for path in sorted(folder.rglob("*")):
            fs.sync(path)


def put_in_place(partial: Path, target: Path) -> None:
    """Give what is whole its name, durable; never over something that stands there."""
    refuse_existing(target)
    fs = OsFs()
    with typed_errors():
        fs.sync(partial)
        if target.is_dir():
            fs.remove(target)
        fs.rename(partial, target)
        fs.sync(target.parent)


def refuse_existing(target: Path) -> None:
    """``ConflictError`` unless there is nothing, or an empty folder."""
    if target.is_dir() and not target.is_symlink() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise ConflictError(
            f"{target} is there already; nothing is overwritten.",
            hint="Choose another name, or move it away first.",
        )


def durable(partial: Path, root: Path | None = None) -> DurableFolder:
    """A door to write files under ``root``, a folder inside a copy; by default the copy itself."""
    opened = DurableFolder(root or partial, partial / _STAGING, OsFs())
    with typed_errors():
        opened.root.mkdir(parents=True, exist_ok=True)
    opened.prepare()
    return opened


def copy_files(
    source: Path, target: DurableFolder, files: Iterable[Path], *, mode: int = 0o644
) -> None:
    """Copy files, a few at once, keeping their paths relative to ``source``."""
    batch: dict[str, bytes] = {}
    for path in files:
        batch[path.relative_to(source).as_posix()] = required(path)
        if len(batch) == _AT_ONCE:
            target.replace(batch, mode=mode)
            batch = {}
    target.replace(batch, mode=mode)


def copy_tree(source: Path, target: DurableFolder, *, mode: int = 0o644) -> None:
    """Copy all files of a folder; an absent one has none."""
    copy_files(source, target, walk(source), mode=mode)


def resource_path(static: Path, resource: Resource) -> Path:
    """Where a tile stands: a full one may have replaced a partial one meanwhile."""
    path = static / resource.path
    return path if path.is_file() else static / resource.full.path


def required(path: Path) -> bytes:
    """The bytes of a file that must be there."""
    data = read_file(path)
    if data is None:
        raise NotFoundError(
            f"{path} is missing.", hint="Is this a data folder? `lineproof ledger verify` tells."
        )
    return data
