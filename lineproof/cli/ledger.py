"""``lineproof ledger``: verify it, prove an entry of it, show the key that signs it."""

import argparse

from lineproof.cli import ledger_key, ledger_prove, ledger_verify

SUMMARY = "Verify the ledger, prove its entries, show its key."

_COMMANDS = (("verify", ledger_verify), ("prove", ledger_prove), ("key", ledger_key))


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in _COMMANDS:
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
