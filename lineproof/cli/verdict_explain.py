"""``lineproof verdict explain``: a recorded verdict told in sentences."""

import argparse
import sys

from lineproof.cli.answers import text_of
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Tell a recorded verdict in sentences: why, on what, and what would change it."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("id", metavar="ID", help="a verdict's id")
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Fetch the explanation and print it."""
    backend = open_backend(settings)
    try:
        answer = backend.ask("verdict.explain", {"id": arguments.id})
    finally:
        backend.close()
    sys.stdout.write(text_of(answer, "text"))
    return Exit.OK
