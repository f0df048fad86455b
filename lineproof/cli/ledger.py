"""``lineproof ledger``: verify it, prove its entries and its growth, watch it, keep it safe."""

import argparse

from lineproof.cli import (
    ledger_key,
    ledger_prove,
    ledger_prove_consistency,
    ledger_verify,
    ledger_watch,
)

SUMMARY = "Verify the ledger, prove its entries, watch it, keep it safe."

_COMMANDS = (
    ("verify", ledger_verify),
    ("prove", ledger_prove),
    ("prove-consistency", ledger_prove_consistency),
    ("watch", ledger_watch),
    ("key", ledger_key),
)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in _COMMANDS:
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
