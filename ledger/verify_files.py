"""Verification of every file under a log's prefix, also those that no reader needs any more."""

from collections.abc import Collection, Iterator
from pathlib import Path

from domain.errors import IntegrityError
from ledger import tiles
from ledger.durable import read_file, typed_errors
from ledger.tiles import ENTRIES, Resource
from ledger.verify_report import VerifyReport


def check_files(root: Path, size: int, report: VerifyReport, beside: Collection[str] = ()) -> None:
    """Every file must be one that a tlog-tiles log has, and agree with the one in force.

    The files in force for ``size`` are the tree check's; here a superseded partial one must be the
    beginning of what replaced it, and what is ahead of the checkpoint must begin with it. Files
    ``beside`` the log's own were checked already.
    """
    for path in walk(root):
        relative = path.relative_to(root).as_posix()
        report.files += 1
        if relative == tiles.CHECKPOINT or relative in beside:
            continue
        resource = tiles.parse_path(relative)
        if resource is None:
            report.add(None, relative, "this file does not belong to a ledger")
            continue
        width = tiles.width_at(resource.level, resource.index, size)
        if resource.width != width:
            _check_other_width(root, path, resource, width, report)


def walk(folder: Path) -> Iterator[Path]:
    """All files under ``folder``, in the order of their names; nothing for an absent folder.

    A publisher may be at work: what it removes while we look is left out.
    """
    with typed_errors():
        try:
            children = sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return
    for child in children:
        if child.is_dir() and not child.is_symlink():
            yield from walk(child)
        elif child.is_symlink() or child.exists():
            yield child


def _check_other_width(
    root: Path, path: Path, resource: Resource, width: int, report: VerifyReport
) -> None:
    """``resource`` is narrower (superseded) or wider (ahead) than the one of ``width`` in force."""
    data = read_file(path)
    if data is None:
        return
    common = min(width, resource.width)
    in_force = _in_force(root, resource, width) if width else b""
    try:
        agrees = in_force is None or _first(data, resource, common) == _first(
            in_force, Resource(resource.level, resource.index, width), common
        )
    except IntegrityError as error:
        report.add(resource.first_leaf, resource.path, error.message)
        return
    if not agrees:
        report.add(resource.first_leaf, resource.path, "it differs from the file that replaced it")
    elif resource.width < width:
        report.superseded += 1
    else:
        report.ahead += 1


def _in_force(root: Path, resource: Resource, width: int) -> bytes | None:
    """The bytes of the file in force; None when the tree check already found it missing."""
    for candidate in (Resource(resource.level, resource.index, width), resource.full):
        data = read_file(root / candidate.path)
        if data is not None and candidate.width == width:
            return data
    return None


def _first(data: bytes, resource: Resource, count: int) -> list[bytes]:
    """The first ``count`` entries or hashes; ``IntegrityError`` when the whole is not in form."""
    if resource.level == ENTRIES:
        return tiles.unpack_bundle(data, resource.width)[:count]
    return tiles.split_tile(data, resource.width)[:count]
