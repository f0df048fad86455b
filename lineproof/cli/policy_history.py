"""``lineproof policy history``: which version of a policy was in force when."""

import argparse

from lineproof.cli.answers import list_of, time_text
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "List every version of a policy that came into force, with its ledger entry."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", metavar="NAME", help="a policy's name")
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one line for each application."""
    backend = open_backend(settings)
    try:
        answer = backend.ask("policy.history", {"name": arguments.name})
    finally:
        backend.close()
    for item in list_of(answer, "applications"):
        print(f"entry {item['leafIndex']}  {time_text(item['at'])}  {item['digest']}")
    return Exit.OK
