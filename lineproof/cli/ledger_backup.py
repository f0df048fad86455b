"""``lineproof ledger backup``: a verified copy of ledger, payloads and keys."""

import argparse
from pathlib import Path

from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Copy ledger, payloads and keys, while they are in use; the copy is verified."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "target", metavar="FILE.tar|DIR", type=Path, help="a name that is not there yet"
    )
    parser.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Back up, and say what it holds."""
    from ledger.backup import back_up

    report = back_up(settings.data, arguments.target)
    print(
        f"Backed up {report.size} entries, {report.pending} not yet published, and "
        f"{report.blobs} payloads to {arguments.target}. It holds private keys: guard it."
    )
    return Exit.OK
