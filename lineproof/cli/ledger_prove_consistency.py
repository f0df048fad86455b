"""``lineproof ledger prove-consistency``: the evidence that a later tree extends an earlier one.

Without ``--verify`` it makes the proof from a log's tiles. With it, it checks a proof offline
against two signed checkpoints.
"""

import argparse
import sys
from pathlib import Path

from domain.errors import UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_text
from lineproof.cli.pinned_key import add_keys, read_keys
from lineproof.settings import Settings

SUMMARY = "Prove that the ledger only grew between two sizes, or check such a proof offline."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("old", metavar="OLD", help="a size, or a file that holds a checkpoint")
    parser.add_argument("new", metavar="NEW", help="a size, or a file that holds a checkpoint")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", help="ask this server (LINEPROOF_URL)")
    where.add_argument(
        "--data", metavar="DIR", help="a data folder, or a folder of tlog-tiles (LINEPROOF_DATA)"
    )
    where.add_argument(
        "--verify", metavar="PROOF", type=Path, help="check this proof between two checkpoints"
    )
    parser.add_argument("--key", metavar="VKEY", help="the pinned key, to check (LINEPROOF_KEY)")
    add_keys(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print a proof, or say that one holds."""
    if arguments.verify is not None:
        print(_verified(arguments, arguments.key or settings.key))
        return Exit.OK
    sys.stdout.write(_proof(arguments.old, arguments.new, settings.url or str(settings.data)))
    return Exit.OK


def _proof(old: str, new: str, place: str) -> str:
    from ledger.consistency import format_consistency
    from ledger.tree_head import unverified_tree_head
    from lineproof.cli.log_place import open_log_place

    first, second = _size(old), _size(new)
    with open_log_place(place) as log:
        published = unverified_tree_head(log.reader.checkpoint_text()).size
        if not first <= second <= published:
            raise UsageError(
                f"There is no proof from {first} to {second}: {published} entries are published.",
                hint="Ask for OLD <= NEW, both published.",
            )
        path = log.reader.consistency_proof(first, second, published=published)
    return format_consistency(first, second, path)


def _size(text: str) -> int:
    from ledger.tree_head import SIZE, unverified_tree_head

    if SIZE.fullmatch(text):
        return int(text)
    return unverified_tree_head(read_text(Path(text))).size


def _verified(arguments: argparse.Namespace, key: str) -> str:
    from ledger.consistency import verify_consistency_file
    from ledger.manifest import pinned_manifest

    if not key:
        raise UsageError("A proof is checked with a pinned key.", hint="Pin it with --key.")
    trust = pinned_manifest(read_keys(arguments), key)
    old, new = (trust.open(read_text(Path(name))) for name in (arguments.old, arguments.new))
    verify_consistency_file(read_text(arguments.verify), old, new)
    return f"Verified: {new.origin} with {new.size} entries extends the one with {old.size}."
