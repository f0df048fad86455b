"""The keys that a pinned one leads to, for evidence that was signed after a rotation."""

import argparse
from pathlib import Path

from lineproof.cli.files import read_bytes


def add_keys(parser: argparse.ArgumentParser) -> None:
    """The ledger's key file, which needs no trust: each key in it is signed by the one before."""
    parser.add_argument(
        "--keys",
        metavar="FILE",
        type=Path,
        help="the ledger's ledger.toml: newer keys, by which the pinned one was followed",
    )


def read_keys(arguments: argparse.Namespace) -> bytes | None:
    """The file's bytes; None when it was not named."""
    return None if arguments.keys is None else read_bytes(arguments.keys)
