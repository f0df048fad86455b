"""``lineproof replay``: derives recorded results again from the ledger."""

import argparse

from lineproof.cli import verdict_replay

SUMMARY = "Derive recorded results again from the ledger."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    summary = verdict_replay.SUMMARY
    verdict = commands.add_parser("verdict", help=summary, description=summary, allow_abbrev=False)
    verdict_replay.define(verdict)
