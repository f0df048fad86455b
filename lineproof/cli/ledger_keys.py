"""``lineproof ledger keys``: the keys that sign the ledger, and handing over to a new one."""

import argparse

from lineproof.cli.exit_codes import Exit
from lineproof.cli.ledger_key import read_manifest
from lineproof.settings import Settings

SUMMARY = "List the keys that sign the ledger; hand over to a new one."
LIST_SUMMARY = "List every key with the first size that it signs; each was handed over by the last."
ROTATE_SUMMARY = "Hand the ledger over to a new key, or finish an interrupted hand-over."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary, run in (
        ("list", LIST_SUMMARY, run_list),
        ("rotate", ROTATE_SUMMARY, rotate),
    ):
        command = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        command.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
        command.set_defaults(run=run)


def run_list(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the keys, oldest first."""
    for key in read_manifest(settings.data).keys:
        print(f"{key.from_size}\t{key.verifier.vkey}")
    return Exit.OK


def rotate(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Rotate, and say what to pin."""
    from domain.clock import SystemClock
    from ledger.rotation import rotate_key
    from telemetry.logging import configure_logging

    configure_logging(log_format=settings.log_format, level=settings.log_level)
    rotation = rotate_key(settings.data, actor="", clock=SystemClock())
    print(
        f"The ledger is signed by a new key from {rotation.from_size} entries on; whoever pinned "
        f"the old one is led to it. Pin the new one:\n{rotation.new}"
    )
    return Exit.OK
