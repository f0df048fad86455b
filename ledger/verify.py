"""Verification of a whole ledger: every file is read, every fault is named.

::

    1. ledger.toml is in its one form and names the key that the caller pinned
    2. the checkpoint is signed by that key and of that origin
    3. every entry hashes to its leaf in the level-0 tile        (verify_tree)
    4. every tile leads to the tile above, the last to the root  (verify_tree)
    5. every other file under the prefix agrees with these       (verify_files)
    6. every payload in a blob is there, every blob unchanged    (verify_state)
    7. the sequencer continues the published tree                (verify_state)

A static folder (a mirror, a stranger's log) has steps 2 to 5 only. Memory does not grow with the
number of entries.
"""

from collections.abc import Sequence
from pathlib import Path

from domain.errors import IntegrityError, LineproofError, UsageError
from ledger.checkpoint import open_checkpoint
from ledger.durable import read_file
from ledger.folder import Paths
from ledger.manifest import Manifest, parse_manifest
from ledger.reader import StaticReader
from ledger.signing import Verifier, parse_vkey
from ledger.verify_files import check_files
from ledger.verify_report import Fault, VerifyReport
from ledger.verify_state import StateCheck
from ledger.verify_tree import OnBundle, TreeCheck

__all__ = ["Fault", "VerifyReport", "verify_folder", "verify_static"]


def verify_static(root: Path, vkey: str, *, origin: str | None = None) -> VerifyReport:
    """Verify a tlog-tiles folder with a pinned key; ``origin`` defaults to the key's name."""
    verifier = parse_vkey(vkey)
    report = VerifyReport()
    _check_static(root, (verifier,), origin or verifier.name, report, _ignore)
    report.sort()
    return report


def verify_folder(data: Path, *, vkey: str | None = None) -> VerifyReport:
    """Verify a data folder with everything in it, while it is in use or not.

    ``vkey`` is the pinned key; None trusts the keys that ``ledger.toml`` names.
    """
    paths = Paths(data)
    report = VerifyReport(base=f"{paths.static.relative_to(data).as_posix()}/")
    beside = VerifyReport()
    # 1
    manifest = _manifest(paths, vkey, beside)
    if manifest is not None:
        state = StateCheck(paths, manifest, beside)
        # 2 to 5
        _check_static(paths.static, manifest.verifiers, manifest.origin, report, state.on_bundle)
        # 6, 7
        state.finish()
    report.merge(beside)
    report.sort()
    return report


def _manifest(paths: Paths, vkey: str | None, report: VerifyReport) -> Manifest | None:
    data = read_file(paths.manifest)
    if data is None:
        report.add(None, "ledger/ledger.toml", "it is missing")
        return None
    try:
        manifest = parse_manifest(data)
    except UsageError as error:
        report.add(None, "ledger/ledger.toml", error.message)
        return None
    if vkey is not None and parse_vkey(vkey) not in manifest.verifiers:
        report.add(None, "ledger/ledger.toml", "it does not name the pinned key")
        return None
    return manifest


def _check_static(
    root: Path,
    verifiers: Sequence[Verifier],
    origin: str,
    report: VerifyReport,
    on_bundle: OnBundle,
) -> None:
    reader = StaticReader(root)
    # 2
    try:
        checkpoint = open_checkpoint(reader.checkpoint_text(), verifiers, origin)
    except LineproofError as error:
        report.add(None, "checkpoint", error.message)
        return
    report.origin, report.size, report.root = origin, checkpoint.size, checkpoint.root
    # 3, 4
    TreeCheck(reader, checkpoint.size, report).run(checkpoint.root, on_bundle)
    # 5
    try:
        check_files(root, checkpoint.size, report)
    except IntegrityError as error:
        report.add(None, "tile", error.message)


def _ignore(first: int, entries: Sequence[bytes]) -> None:
    """A static folder has nothing else to hold entries against."""
