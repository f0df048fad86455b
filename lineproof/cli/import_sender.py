"""Sends what an importer reads: records in batches, and files after what they belong to."""

import hashlib
import json
from typing import Final, cast

from domain.canonical import JsonObject, JsonValue
from domain.errors import BackendError, LineproofError
from ingest.files.folder import open_file
from ingest.record import MAX_RECORDS, Broken, FoundFile, Item, LeftOut, Record
from lineproof.cli.answers import list_of
from lineproof.cli.backend import Backend
from lineproof.cli.import_progress import Progress

BATCH_BYTES: Final = 3 * 1024 * 1024
"""Records are sent once they hold this much,"""
BATCH_RECORDS: Final = 1_000
"""or are this many, and the next one begins another run. A server takes twice as much and more."""
BATCH_FILES: Final = 500
_POINT_BYTES: Final = 64


class Sender:
    """Takes one item after the other; ``finish`` after the last. A dry one changes nothing."""

    def __init__(self, backend: Backend, progress: Progress, *, dry: bool) -> None:
        self._backend = backend
        self._progress = progress
        self._dry = dry
        self._batch: list[JsonValue] = []
        self._places: list[str] = []
        self._weight = 0
        self._files: list[FoundFile] = []

    def take(self, item: Item) -> None:
        """Send it, sooner or later. Raises what ``Backend`` raises."""
        if isinstance(item, Broken):
            self._progress.refuse(item.where, item.reason)
        elif isinstance(item, LeftOut):
            self._progress.leave_out(item.where, item.reason)
        elif isinstance(item, FoundFile):
            self._files.append(item)
            if len(self._files) == BATCH_FILES:
                self.finish()
        else:
            self._take(item)

    def finish(self) -> None:
        """Send what waits."""
        self._send_records()
        self._send_files()

    def _take(self, record: Record) -> None:
        size = _weight(record)
        is_full = self._weight + size > BATCH_BYTES or len(self._batch) >= BATCH_RECORDS
        # Together with its run, a series need not be looked up.
        waits = record["kind"] == "series" and self._weight + size < 2 * BATCH_BYTES
        if self._batch and is_full and not (waits and len(self._batch) < MAX_RECORDS):
            self._send_records()
        self._batch.append(cast("JsonObject", record))
        self._places.append(_place(record))
        self._weight += size
        self._progress.records += 1
        self._progress.runs += record["kind"] == "run"

    def _send_records(self) -> None:
        if not self._batch:
            return
        question: JsonObject = {"records": self._batch, "dryRun": self._dry}
        answer = self._backend.ask("records.import", question)
        entries = answer.get("entries")
        if not isinstance(entries, int):
            raise BackendError("The answer does not say what was imported.")
        self._progress.entries += entries
        self._refuse(list_of(answer, "refused"), self._places)
        self._progress.show()
        self._batch, self._places, self._weight = [], [], 0

    def _send_files(self) -> None:
        if not self._files:
            return
        found, described = self._files, list[JsonValue]()
        self._files = []
        readable: list[FoundFile] = []
        for file in found:
            try:
                described.append(_described(file))
                readable.append(file)
            except LineproofError as error:
                self._progress.refuse(str(file.file), error.message)
        answer = self._backend.ask("files.wanted", {"files": described})
        wanted = list_of(answer, "wanted")
        refused = list_of(answer, "refused")
        self._progress.entries += len(wanted) + (len(refused) if self._dry else 0)
        if self._dry:
            return
        self._refuse(refused, [str(one.file) for one in readable])
        for one in wanted:
            index, target = one.get("index"), one.get("target")
            if not isinstance(index, int) or not 0 <= index < len(readable):
                raise BackendError("The answer names a file that was not asked for.")
            with open_file(readable[index].file) as opened:
                size = opened.seek(0, 2)
                opened.seek(0)
                self._backend.upload(str(target), opened, size)
        self._progress.show()

    def _refuse(self, refused: list[JsonObject], places: list[str]) -> None:
        for one in refused:
            index = one.get("index")
            known = isinstance(index, int) and 0 <= index < len(places)
            place = places[cast("int", index)] if known else "a record"
            self._progress.refuse(place, str(one.get("reason")))


def _described(found: FoundFile) -> JsonObject:
    """What a file is, for the question whether it is here already; its bytes are hashed."""
    with open_file(found.file) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    owner = "model" if found.is_model else "run"
    return {owner: found.owner, "path": found.path, "digest": f"sha256:{digest}"}


def _weight(record: Record) -> int:
    """About how many bytes a record has as JSON."""
    if record["kind"] == "series":
        return 200 + _POINT_BYTES * sum(len(one["points"]) for one in record["series"])
    return len(json.dumps(record))


def _place(record: Record) -> str:
    """How people find the record again."""
    if record["kind"] == "event":
        return "an event of run " + json.dumps(record["event"].get("run"))[:60]
    if record["kind"] == "derived":
        return "derivations"
    if record["kind"] == "series":
        keys = ", ".join(one["key"] for one in record["series"])
        return f"metrics {keys[:200]} of run {record['run_id']}"
    if record["kind"] == "logged_model":
        return f"logged model {record['model_id']}"
    if record["kind"] == "registered_model":
        return f"registered model {record['name']}"
    return f"run {record['run_id']}"
