"""``lineproof ledger``: verify it, prove its entries and its growth, watch it, keep it safe."""

import argparse

from lineproof.cli import (
    ledger_backup,
    ledger_export,
    ledger_key,
    ledger_keys,
    ledger_prove,
    ledger_prove_consistency,
    ledger_recover,
    ledger_restore,
    ledger_verify,
    ledger_watch,
)

SUMMARY = "Verify the ledger, prove its entries, watch it, keep it safe."

_COMMANDS = (
    ("verify", ledger_verify),
    ("prove", ledger_prove),
    ("prove-consistency", ledger_prove_consistency),
    ("watch", ledger_watch),
    ("export", ledger_export),
    ("backup", ledger_backup),
    ("restore", ledger_restore),
    ("key", ledger_key),
    ("keys", ledger_keys),
    ("recover", ledger_recover),
)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in _COMMANDS:
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
