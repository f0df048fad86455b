"""``lineproof ledger verify``: reads every file of a ledger and names every fault."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.cli.quorum import read_quorum
from lineproof.settings import Settings, checked_url, is_url

if TYPE_CHECKING:
    from ledger.verify import VerifyReport
    from ledger.witness_policy import WitnessPolicy

SUMMARY = "Verify every file of a ledger; exits 4 when one does not hold."
SHOWN = 20
"""Faults that are printed; the rest is counted."""


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "place",
        metavar="DIR|URL",
        nargs="?",
        help="a data folder (default: LINEPROOF_DATA); with --key also any folder of tlog-tiles, "
        "a server, or the address of any tlog-tiles log",
    )
    parser.add_argument(
        "--key", metavar="VKEY", help="the pinned key; else ledger.toml's are taken"
    )
    parser.add_argument(
        "--witnesses",
        metavar="FILE",
        help="a witness policy: cosignatures of these are judged (LINEPROOF_WITNESSES; "
        "else the ledger's own)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Verify and report."""
    policy = arguments.witnesses or settings.witnesses
    witnesses = read_quorum(policy) if policy else None
    report = _verify(arguments.place or str(settings.data), arguments.key, witnesses)
    for fault in report.faults[:SHOWN]:
        where = "" if fault.seq is None else f"entry {fault.seq}: "
        print(f"fault: {where}{fault.path}: {fault.message}", file=sys.stderr)
    report.raise_first()
    print(
        f"Verified {report.size} entries of {report.origin}{_files(report)}.\n"
        f"{_erasable(report)}{_witnesses(report)}Root: {report.root.hex()}"
    )
    return Exit.OK


def _files(report: "VerifyReport") -> str:
    """What is said of the files, where they were read and not asked for at an address."""
    if not report.files:
        return ""
    return (
        f" in {report.files} files, {report.blobs} payloads and {report.pending} entries "
        "not yet published"
    )


def _witnesses(report: "VerifyReport") -> str:
    """What is said of the lines that others added to the checkpoint, where there are any."""
    lines = ""
    if report.cosigned:
        lines += f"Cosigned by {', '.join(sorted(report.cosigned))}.\n"
    if report.strangers:
        lines += f"Signed also by {', '.join(sorted(report.strangers))}, unknown here.\n"
    return lines


def _erasable(report: "VerifyReport") -> str:
    """What is said of payloads that can be erased, where there are any."""
    if not report.sealed:
        return ""
    return f"{report.erased} of {report.sealed} erasable payloads are erased.\n"


def _verify(place: str, key: str | None, witnesses: "WitnessPolicy | None") -> "VerifyReport":
    from ledger.folder import Paths
    from ledger.verify import verify_folder, verify_static, verify_url

    if is_url(place):
        return verify_url(checked_url(place), _pinned(place, key), witnesses=witnesses)
    folder = Path(place)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", hint="Name the data folder.")
    if Paths(folder).ledger.is_dir():
        return verify_folder(folder, vkey=key, witnesses=witnesses)
    return verify_static(folder, _pinned(place, key), witnesses=witnesses)


def _pinned(place: str, key: str | None) -> str:
    if key is None:
        raise UsageError(
            f"{place} is not a data folder, so no key is known for it.",
            hint="Pin the log's key with --key.",
        )
    return key
