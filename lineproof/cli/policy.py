"""``lineproof policy``: check, try, compare, declare policies, and see their history."""

import argparse

from lineproof.cli import policy_apply, policy_diff, policy_history, policy_lint, policy_test

SUMMARY = "Check, try, compare and declare policies."

_COMMANDS = (
    ("lint", policy_lint),
    ("test", policy_test),
    ("diff", policy_diff),
    ("apply", policy_apply),
    ("history", policy_history),
)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in _COMMANDS:
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
