"""``lineproof ledger verify``: reads every file of a ledger and names every fault."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings, checked_url, is_url

if TYPE_CHECKING:
    from ledger.verify import VerifyReport

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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Verify and report."""
    report = _verify(arguments.place or str(settings.data), arguments.key)
    for fault in report.faults[:SHOWN]:
        where = "" if fault.seq is None else f"entry {fault.seq}: "
        print(f"fault: {where}{fault.path}: {fault.message}", file=sys.stderr)
    report.raise_first()
    print(
        f"Verified {report.size} entries of {report.origin} in {report.files} files, "
        f"{report.blobs} payloads and {report.pending} entries not yet published.\n"
        f"{_erasable(report)}Root: {report.root.hex()}"
    )
    return Exit.OK


def _erasable(report: "VerifyReport") -> str:
    """What is said of payloads that can be erased, where there are any."""
    if not report.sealed:
        return ""
    return f"{report.erased} of {report.sealed} erasable payloads are erased.\n"


def _verify(place: str, key: str | None) -> "VerifyReport":
    from ledger.folder import Paths
    from ledger.verify import verify_folder, verify_static, verify_url

    if is_url(place):
        return verify_url(checked_url(place), _pinned(place, key))
    folder = Path(place)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", hint="Name the data folder.")
    if Paths(folder).ledger.is_dir():
        return verify_folder(folder, vkey=key)
    return verify_static(folder, _pinned(place, key))


def _pinned(place: str, key: str | None) -> str:
    if key is None:
        raise UsageError(
            f"{place} is not a data folder, so no key is known for it.",
            hint="Pin the log's key with --key.",
        )
    return key
