"""``lineproof replay``: derives recorded results again from the ledger, level by level.

``verify``: hashes, tree and signatures. ``schedule``: what was due, and in which order it was
committed. ``verdict``: every verdict, from the prefix that it read.
"""

import argparse

from lineproof.cli import ledger_verify, schedule_replay, verdict_replay

SUMMARY = "Derive recorded results again from the ledger."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    levels = (
        ("verify", ledger_verify),
        ("schedule", schedule_replay),
        ("verdict", verdict_replay),
    )
    for name, command in levels:
        level = commands.add_parser(
            name, help=command.SUMMARY, description=command.SUMMARY, allow_abbrev=False
        )
        command.define(level)
