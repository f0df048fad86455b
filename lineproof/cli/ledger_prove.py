"""``lineproof ledger prove``: the evidence that an entry stands in the signed ledger."""

import argparse
import sys

from domain.errors import UsageError
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Print the tlog-proof of an entry, for `lineproof gate verify` and other verifiers."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("seq", metavar="SEQ", type=int, help="the entry's leaf index")
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Fetch a proof and print it."""
    if arguments.seq < 0:
        raise UsageError("A leaf index is not negative.")
    backend = open_backend(settings)
    try:
        sys.stdout.write(backend.proof(arguments.seq))
    finally:
        backend.close()
    return Exit.OK
