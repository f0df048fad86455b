"""``lineproof verdict show``: a recorded verdict, printed again."""

import argparse

from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.gate import add_format, show_verdict
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Print a recorded verdict; exits 0 whatever its outcome."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("id", metavar="ID", help="a verdict's id")
    add_format(parser)
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Fetch a verdict and print it."""
    backend = open_backend(settings)
    try:
        answer = backend.verdict(arguments.id)
    finally:
        backend.close()
    show_verdict(answer, arguments.format)
    return Exit.OK
