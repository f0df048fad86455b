"""``lineproof verdict vsa``: a recorded verdict as a SLSA verification summary."""

import argparse
import json

from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Print a recorded verdict as a SLSA VSA in a DSSE envelope, signed by the log's key."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("id", metavar="ID", help="a verdict's id")
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Fetch the envelope and print it."""
    print(json.dumps(ask(settings, "verdict.vsa", {"id": arguments.id}), indent=2))
    return Exit.OK
