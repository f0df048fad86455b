"""``lineproof ledger key``: the key to pin wherever this ledger is to be verified."""

import argparse

from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Print the verifier key of the ledger in a data folder."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the newest key that may sign. A server is not asked: it could name any key."""
    from ledger.folder import Paths
    from ledger.manifest import parse_manifest
    from lineproof.cli.files import read_bytes

    manifest = parse_manifest(read_bytes(Paths(settings.data).manifest))
    print(manifest.keys[-1].verifier.vkey)
    return Exit.OK
