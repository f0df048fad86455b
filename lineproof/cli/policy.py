"""``lineproof policy apply``: declares the policies of a file in the ledger."""

import argparse
import sys
from pathlib import Path

from domain.canonical import JsonObject
from domain.errors import ErrorCode, UsageError
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_text
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Declare policies."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    summary = "Declare every policy of a file in the ledger; what is in force already is kept."
    apply = commands.add_parser("apply", help=summary, description=summary, allow_abbrev=False)
    apply.add_argument("file", metavar="FILE", type=Path, help="a lineproof.yaml")
    add_backend(apply)
    apply.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Apply a file and say what changed."""
    text = read_text(arguments.file)
    backend = open_backend(settings)
    try:
        answer = backend.apply_policies(text)
    finally:
        backend.close()
    _show(answer)
    return Exit.OK


def _show(answer: JsonObject) -> None:
    warnings, policies = answer.get("warnings"), answer.get("policies")
    for warning in warnings if isinstance(warnings, list) else []:
        print(f"warning: {warning}", file=sys.stderr)
    for policy in policies if isinstance(policies, list) else []:
        if not isinstance(policy, dict):
            raise UsageError("The answer lists no policies.", code=ErrorCode.INTERNAL)
        state = f"declared in entry {policy['leafIndex']}" if policy["changed"] else "in force"
        print(f"{policy['name']}  {policy['digest']}  {state}")
