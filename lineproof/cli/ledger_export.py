"""``lineproof ledger export``: what an outsider needs to verify the ledger."""

import argparse
from pathlib import Path

from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Copy the ledger's public files for an auditor or a web server; no keys, no payloads."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("target", metavar="DIR", type=Path, help="a folder that is not there yet")
    parser.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Export, and say how to check it."""
    from ledger.copying import export_log

    size = export_log(settings.data, arguments.target)
    print(
        f"Exported {size} entries to {arguments.target}.\n"
        f"Check it anywhere: lineproof ledger verify {arguments.target} --key VKEY"
    )
    return Exit.OK
