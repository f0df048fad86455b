"""``lineproof ledger restore``: a data folder from a backup, verified before it is there."""

import argparse
from dataclasses import replace
from pathlib import Path

from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Make a data folder from a backup; never over another, never older than remembered."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "backup", metavar="BACKUP", type=Path, help="what `lineproof ledger backup` made"
    )
    parser.add_argument("--data", metavar="DIR", help="the new data folder (LINEPROOF_DATA)")
    parser.add_argument("--key", metavar="VKEY", help="the pinned key (LINEPROOF_KEY)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Restore, and say what there is now."""
    from ledger.backup import restore
    from lineproof.cli.memory import check_folder

    report = restore(
        arguments.backup,
        settings.data,
        vkey=arguments.key or settings.key or None,
        accept=lambda folder: check_folder(replace(settings, data=folder)),
    )
    print(
        f"Restored {report.size} entries, {report.pending} not yet published, and "
        f"{report.blobs} payloads to {settings.data}. Root: {report.root.hex()}"
    )
    return Exit.OK
