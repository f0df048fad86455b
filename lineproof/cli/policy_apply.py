"""``lineproof policy apply``: declares the policies of a file in the ledger."""

import argparse
from pathlib import Path

from domain.canonical import JsonObject
from domain.errors import ErrorCode, UsageError
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_text
from lineproof.cli.options import add_backend
from lineproof.cli.warnings import show_warnings
from lineproof.settings import Settings

SUMMARY = "Declare every policy of a file in the ledger; what is in force already is kept."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a lineproof.yaml")
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Apply a file and say what changed."""
    text = read_text(arguments.file)
    backend = open_backend(settings)
    try:
        answer = backend.apply_policies(text)
    finally:
        backend.close()
    show_warnings(answer.get("warnings"))
    _show(answer)
    return Exit.OK


def _show(answer: JsonObject) -> None:
    policies = answer.get("policies")
    for policy in policies if isinstance(policies, list) else []:
        if not isinstance(policy, dict):
            raise UsageError("The answer lists no policies.", code=ErrorCode.INTERNAL)
        state = f"declared in entry {policy['leafIndex']}" if policy["changed"] else "in force"
        print(f"{policy['name']}  {policy['digest']}  {state}")
