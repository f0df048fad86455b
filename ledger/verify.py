"""Verification of a whole ledger: every file is read, every fault is named.

::

    1. ledger.toml is in its one form; its keys lead from the pinned one to the one in force,
       as entries in the tree say                                (verify_keys)
    2. the checkpoint is signed by that key and of that origin, and what known witnesses
       added to it is theirs                                     (verify_cosignatures)
    3. every entry hashes to its leaf in the level-0 tile        (verify_tree)
    4. every tile leads to the tile above, the last to the root  (verify_tree)
    5. every other file under the prefix agrees with these       (verify_files)
    6. every payload and file in a blob is there, every blob
       unchanged                                                 (verify_state)
    7. the sequencer continues the published tree                (verify_state)

A static folder (an export, a mirror, a stranger's log) has steps 1 to 5, a log that is read over
HTTP steps 1 to 4, the first of them only where there is a ledger.toml. Memory does not grow with
the number of entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import IntegrityError, LineproofError, NotFoundError, UsageError
from ledger import manifest as manifests
from ledger.durable import read_file
from ledger.folder import Paths
from ledger.http_reader import HttpReader
from ledger.manifest import Manifest, parse_manifest, pinned_manifest
from ledger.reader import LogReader, StaticReader
from ledger.signing import parse_vkey
from ledger.tiles import CHECKPOINT
from ledger.verify_cosignatures import check_cosignatures
from ledger.verify_files import check_files
from ledger.verify_keys import KeyCheck
from ledger.verify_report import Fault, VerifyReport
from ledger.verify_state import StateCheck
from ledger.verify_tree import OnBundle, TreeCheck
from ledger.witness_policy import FILE as WITNESSES
from ledger.witness_policy import WitnessPolicy
from ledger.witnessing import read_witness_policy

__all__ = ["Fault", "VerifyReport", "verify_folder", "verify_static", "verify_url"]


def verify_static(
    root: Path,
    vkey: str,
    *,
    origin: str | None = None,
    witnesses: WitnessPolicy | None = None,
) -> VerifyReport:
    """Verify a tlog-tiles folder with a pinned key; ``origin`` defaults to the key's name.

    ``witnesses`` names those whose cosignatures are judged.
    """
    report = VerifyReport()
    beside = read_file(root / manifests.FILE)
    manifest = _pinned(beside, vkey, origin, report)
    if manifest is not None:
        keys = _rotations(beside, manifest, report)
        _check_log(_Log(StaticReader(root), manifest, witnesses), report, keys)
        _check_files(root, report, set() if beside is None else {manifests.FILE})
    report.sort()
    return report


def verify_url(url: str, vkey: str, *, witnesses: WitnessPolicy | None = None) -> VerifyReport:
    """Verify a log over HTTP with a pinned key: every entry, and every tile that leads to the root.

    ``witnesses`` as ``verify_static``. Raises ``BackendError`` when the address does not answer.
    """
    report = VerifyReport()
    reader = HttpReader(url)
    try:
        beside = reader.file(manifests.FILE)
        manifest = _pinned(beside, vkey, None, report)
        if manifest is not None:
            keys = _rotations(beside, manifest, report)
            _check_log(_Log(reader, manifest, witnesses), report, keys)
    finally:
        reader.close()
    report.sort()
    return report


def verify_folder(
    data: Path, *, vkey: str | None = None, witnesses: WitnessPolicy | None = None
) -> VerifyReport:
    """Verify a data folder with everything in it, while it is in use or not.

    ``vkey`` is the pinned key; None trusts the keys that ``ledger.toml`` names. ``witnesses``
    names those whose cosignatures are judged; None: those of the ledger's own policy.
    """
    paths = Paths(data)
    report = VerifyReport(base=f"{paths.static.relative_to(data).as_posix()}/")
    beside = VerifyReport()
    # 1
    manifest = _manifest(paths, vkey, beside)
    if manifest is not None:
        witnesses = witnesses or _own_witnesses(data, beside)
        state = StateCheck(paths, manifest, witnesses, beside)
        # 2 to 5
        keys = KeyCheck(manifest, beside, path=f"ledger/{manifests.FILE}")
        log = _Log(StaticReader(paths.static), manifest, witnesses)
        _check_log(log, report, keys, state.on_bundle)
        _check_files(paths.static, report, set())
        # 6, 7
        state.finish()
    report.merge(beside)
    report.sort()
    return report


def _pinned(
    data: bytes | None, vkey: str, origin: str | None, report: VerifyReport
) -> Manifest | None:
    verifier = parse_vkey(vkey)
    try:
        return pinned_manifest(data, verifier.vkey, origin)
    except LineproofError as error:
        report.add(None, manifests.FILE, error.message)
        return None


def _manifest(paths: Paths, vkey: str | None, report: VerifyReport) -> Manifest | None:
    data = read_file(paths.manifest)
    if data is None:
        report.add(None, "ledger/ledger.toml", "it is missing")
        return None
    pinned = None if vkey is None else parse_vkey(vkey)
    try:
        manifest = parse_manifest(data)
        return manifest if pinned is None else manifest.trusted_from(pinned)
    except LineproofError as error:
        report.add(None, "ledger/ledger.toml", error.message)
        return None


def _rotations(data: bytes | None, manifest: Manifest, report: VerifyReport) -> KeyCheck | None:
    """The check of key rotations; none for a log without a ledger.toml, which names no keys."""
    return None if data is None else KeyCheck(manifest, report)


@dataclass(frozen=True, slots=True)
class _Log:
    """What is verified, and whom it is held against."""

    reader: LogReader
    manifest: Manifest
    witnesses: WitnessPolicy | None


def _own_witnesses(data: Path, report: VerifyReport) -> WitnessPolicy | None:
    try:
        return read_witness_policy(data)
    except UsageError as error:
        report.add(None, f"ledger/{WITNESSES}", error.message)
        return None


def _check_log(
    log: _Log,
    report: VerifyReport,
    keys: KeyCheck | None,
    on_bundle: OnBundle | None = None,
) -> None:
    # 2
    try:
        checkpoint = log.manifest.open(log.reader.checkpoint_text())
    except (IntegrityError, NotFoundError) as error:
        report.add(None, "checkpoint", error.message)
        return
    report.origin, report.size = log.manifest.origin, checkpoint.size
    report.root = checkpoint.root
    check_cosignatures(checkpoint.text, CHECKPOINT, log.manifest, log.witnesses, report)

    def on_entries(first: int, entries: Sequence[bytes]) -> None:
        if keys is not None:
            keys.on_bundle(first, entries)
        if on_bundle is not None:
            on_bundle(first, entries)

    # 3, 4
    TreeCheck(log.reader, checkpoint.size, report).run(checkpoint.root, on_entries)
    if keys is not None:
        keys.finish(checkpoint.size)


def _check_files(root: Path, report: VerifyReport, beside: set[str]) -> None:
    # 5
    if not report.root:
        return
    try:
        check_files(root, report.size, report, beside)
    except IntegrityError as error:
        report.add(None, "tile", error.message)
