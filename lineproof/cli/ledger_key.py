"""``lineproof ledger key``: the key to pin wherever this ledger is to be verified."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_bytes
from lineproof.settings import Settings

if TYPE_CHECKING:
    from ledger.manifest import Manifest

SUMMARY = "Print the verifier key of the ledger in a data folder."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the newest key that may sign. A server is not asked: it could name any key."""
    print(read_manifest(settings.data).keys[-1].verifier.vkey)
    return Exit.OK


def read_manifest(data: Path) -> "Manifest":
    """The keys of the ledger in ``data``; ``UsageError`` when there is none."""
    from ledger.folder import Paths
    from ledger.manifest import parse_manifest

    path = Paths(data).manifest
    if not path.is_file():
        raise UsageError(f"There is no ledger in {data}.", hint="Name the data folder with --data.")
    return parse_manifest(read_bytes(path))
