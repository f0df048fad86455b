"""``lineproof ledger watch``: sees to it that a ledger only ever grows.

1. read the checkpoint; its signature must follow from the pinned key;
2. it must extend the one remembered, by a proof over the log's own tiles;
3. remember it. A rollback or a fork exits 4 and keeps both checkpoints as evidence.
"""

import argparse
import sys
import threading
from pathlib import Path

from domain.errors import BackendError, UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Demand that a ledger only ever grows; exits 4 when it was rolled back or forked."
SECONDS = 60.0
_UNMET = "Pin the log's key with --key; `lineproof ledger key` prints it where the ledger is."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "place", metavar="DIR|URL", help="a data folder, a folder of tlog-tiles, or an address"
    )
    parser.add_argument("--key", metavar="VKEY", help="the pinned key (LINEPROOF_KEY)")
    parser.add_argument(
        "--state", metavar="FILE", type=Path, help="where to remember (default: LINEPROOF_STATE)"
    )
    parser.add_argument("--once", action="store_true", help="look once, then exit")
    parser.add_argument(
        "--interval", metavar="SECONDS", type=float, default=SECONDS, help="default: 60"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Look once, or for ever."""
    key: str = arguments.key or settings.key
    if not key:
        raise UsageError("Watching needs a pinned key.", hint=_UNMET)
    if not 0 < arguments.interval <= threading.TIMEOUT_MAX:
        raise UsageError("The interval must be a positive number of seconds.")
    if arguments.once:
        print(_look(arguments.place, key, arguments.state, settings), flush=True)
        return Exit.OK
    pause = threading.Event()
    while True:
        try:
            print(_look(arguments.place, key, arguments.state, settings), flush=True)
        except BackendError as error:
            print(f"lineproof: {error.message} Looking again.", file=sys.stderr, flush=True)
        pause.wait(arguments.interval)


def _look(place: str, key: str, state: Path | None, settings: Settings) -> str:
    from ledger.manifest import pinned_manifest
    from ledger.remembered import check_remembered, memory_name
    from lineproof.cli.log_place import open_log_place
    from lineproof.cli.memory import memory_path

    with open_log_place(place) as log:
        text = log.reader.checkpoint_text()
        checkpoint = pinned_manifest(log.keys, key).open(text)
        if state is None and not settings.state:
            raise UsageError("There is nowhere to remember.", hint="Name a file with --state.")
        path = state or memory_path(settings, memory_name(text, log.keys))
        old = check_remembered(path, text, log.reader)
    since = "seen for the first time" if old is None else f"extends the {old.size} remembered"
    return f"{checkpoint.origin}: {checkpoint.size} entries, {since}. Root: {checkpoint.root.hex()}"
