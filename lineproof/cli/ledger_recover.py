"""``lineproof ledger recover``: makes a lost or older ``sequencer.db`` again from the files."""

import argparse

from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Rebuild a lost or rolled-back sequencer.db from the published files."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Verify the files, then rebuild. Refused while the ledger is in use, or when it is whole."""
    from ledger.recover import rebuild_sequencer
    from telemetry.logging import configure_logging

    configure_logging(log_format=settings.log_format, level=settings.log_level)
    size = rebuild_sequencer(settings.data)
    print(f"Rebuilt sequencer.db from {size} published entries, every one of them verified.")
    print("Entries acknowledged in the last moments before the loss may be gone; repeat them.")
    return Exit.OK
