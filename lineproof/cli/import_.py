"""``lineproof import``: brings in what other tools have written; a second time it adds nothing."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from domain.errors import UsageError
from ingest.erasable import ERASABLE_TAG
from ingest.files.kinds import KINDS, read_items
from ingest.record import Item
from ledger.sealing import checked_subject
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.import_progress import Progress
from lineproof.cli.import_sender import Sender
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Import files of other tools; what is recorded already is not recorded again."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument("path", metavar="PATH", type=Path, help="a file or a folder")
    parser.add_argument("--dry-run", action="store_true", help="say what would be added")
    parser.add_argument(
        "--map",
        metavar="ROLE=COLUMN",
        action="append",
        default=[],
        help="metrics: run, key, value, step or timestamp is in this column",
    )
    parser.add_argument(
        "--experiment", metavar="NAME", default="", help="where runs go that name no experiment"
    )
    parser.add_argument(
        "--erasable",
        metavar="SUBJECT",
        default="",
        help="whom the runs are about, so that what they say can be erased (lineproof erase)",
    )
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Import, show the progress on stderr and the sum on stdout."""
    items = read_items(
        arguments.kind,
        arguments.path,
        experiment=arguments.experiment,
        columns=_columns(arguments.map),
    )
    if arguments.erasable:
        items = _about(items, arguments.kind, checked_subject(arguments.erasable))
    backend = open_backend(settings)
    try:
        progress = Progress(sys.stderr)
        sender = Sender(backend, progress, dry=arguments.dry_run)
        for item in items:
            sender.take(item)
        sender.finish()
    finally:
        backend.close()
    progress.done()
    what = "would be added" if arguments.dry_run else "added"
    print(
        f"{progress.entries} entries {what}, {progress.runs} runs read, {progress.broken} refused"
    )
    return Exit.OK if not progress.broken else Exit.USAGE


def _about(items: Iterator[Item], kind: str, subject: str) -> Iterator[Item]:
    """The same, every run with the tag that makes it erasable, unless it has its own."""
    if kind == "openlineage":
        raise UsageError(
            "An OpenLineage event says itself whom its run is about.",
            hint=f"Put {ERASABLE_TAG} into the tags facet of the run.",
        )
    for item in items:
        if isinstance(item, dict) and item["kind"] == "run":
            item["tags"].setdefault(ERASABLE_TAG, subject)
        yield item


def _columns(pairs: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        role, equals, column = pair.partition("=")
        if not equals or not column:
            raise UsageError(f"--map {pair!r} is not ROLE=COLUMN.", hint="Such as --map run=trial.")
        columns[role] = column
    return columns
