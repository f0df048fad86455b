"""``lineproof import``: brings in what other tools have written; a second time it adds nothing."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO, cast

from domain.canonical import JsonObject, JsonValue
from domain.errors import BackendError, UsageError
from ingest.erasable import ERASABLE_TAG
from ingest.files.kinds import KINDS, read_items
from ingest.record import MAX_RECORDS, Broken, Item, Record
from ledger.sealing import checked_subject
from lineproof.cli.backend import Backend, open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Import files of other tools; what is recorded already is not recorded again."

BATCH_BYTES: Final = 3 * 1024 * 1024
"""Records are sent once they hold this much,"""
BATCH_RECORDS: Final = 1_000
"""or are this many, and the next one begins another run. A server takes twice as much and more."""
_POINT_BYTES: Final = 64


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
        progress = _Progress(sys.stderr)
        for batch, places in _batches(items, progress):
            _send(backend, batch, places, progress, dry=arguments.dry_run)
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
        if not isinstance(item, Broken) and item["kind"] == "run":
            item["tags"].setdefault(ERASABLE_TAG, subject)
        yield item


class _Progress:
    """What has been done so far, on one line of a terminal, or now and then elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.entries = self.runs = self.records = self.broken = 0

    def refuse(self, where: str, reason: str) -> None:
        """Something was left out."""
        self.broken += 1
        self._clear()
        print(f"refused {_inert(where)}: {_inert(reason)}", file=self._stream)

    def show(self) -> None:
        """After each batch."""
        line = f"{self.records} records, {self.runs} runs, {self.entries} entries"
        if self._stream.isatty():
            print(f"\r\x1b[K{line}", end="", file=self._stream, flush=True)
        else:
            print(line, file=self._stream)

    def done(self) -> None:
        """At the end."""
        self._clear()

    def _clear(self) -> None:
        if self._stream.isatty():
            print("\r\x1b[K", end="", file=self._stream)


def _batches(
    items: Iterator[Item], progress: _Progress
) -> Iterator[tuple[list[JsonValue], list[str]]]:
    batch: list[JsonValue] = []
    places: list[str] = []
    weight = 0
    for item in items:
        if isinstance(item, Broken):
            progress.refuse(item.where, item.reason)
            continue
        size = _weight(item)
        is_full = weight + size > BATCH_BYTES or len(batch) >= BATCH_RECORDS
        # Together with its run, a series need not be looked up.
        waits = item["kind"] == "series" and weight + size < 2 * BATCH_BYTES
        if batch and is_full and not (waits and len(batch) < MAX_RECORDS):
            yield batch, places
            batch, places, weight = [], [], 0
        batch.append(cast("JsonObject", item))
        places.append(_place(item))
        weight += size
        progress.records += 1
        progress.runs += item["kind"] == "run"
    if batch:
        yield batch, places


def _weight(record: Record) -> int:
    """About how many bytes a record has as JSON."""
    if record["kind"] == "series":
        return 200 + _POINT_BYTES * sum(len(one["points"]) for one in record["series"])
    return len(json.dumps(record))


def _send(
    backend: Backend, batch: list[JsonValue], places: list[str], progress: _Progress, *, dry: bool
) -> None:
    answer = backend.ask("records.import", {"records": batch, "dryRun": dry})
    entries, refused = answer.get("entries"), answer.get("refused")
    if not isinstance(entries, int) or not isinstance(refused, list):
        raise BackendError("The answer does not say what was imported.")
    progress.entries += entries
    for one in refused:
        place = _refused_place(one, places)
        progress.refuse(place, str(one.get("reason")) if isinstance(one, dict) else "")
    progress.show()


def _refused_place(one: JsonValue, places: list[str]) -> str:
    index = one.get("index") if isinstance(one, dict) else None
    return places[index] if isinstance(index, int) and 0 <= index < len(places) else "a record"


def _place(record: Record) -> str:
    """How people find the record again."""
    if record["kind"] == "event":
        return "an event of run " + json.dumps(record["event"].get("run"))[:60]
    if record["kind"] == "derived":
        return "derivations"
    if record["kind"] == "series":
        keys = ", ".join(one["key"] for one in record["series"])
        return f"metrics {keys[:200]} of run {record['run_id']}"
    return f"run {record['run_id']}"


def _columns(pairs: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        role, equals, column = pair.partition("=")
        if not equals or not column:
            raise UsageError(f"--map {pair!r} is not ROLE=COLUMN.", hint="Such as --map run=trial.")
        columns[role] = column
    return columns


def _inert(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
