"""``lineproof witness``: vouch for other teams' ledgers, and have them vouch for ours."""

import argparse

from lineproof.cli import witness_ask, witness_key, witness_serve

SUMMARY = "Cosign other teams' ledgers, and have this one cosigned."

_COMMANDS = (("serve", witness_serve), ("key", witness_key), ("ask", witness_ask))


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in _COMMANDS:
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
